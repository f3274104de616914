/**
 * `@sallyport/core/qr`: QR codes (ISO/IEC 18004) of key URIs, drawn on the server: a secret has no business with a service
 * that draws pictures for others.
 */
import QRCode from 'qrcode'

/** The light frame that a scanner needs, in modules (ISO/IEC 18004). */
const quietZone = 4
/** 15 % of the symbol may be unreadable: plenty for a screen, and it keeps the modules large. */
const errorCorrectionLevel = 'M'

/**
 * Draws text as a QR code in SVG, to put into a page as it is. It scales without blur, and its white background keeps it
 * readable in dark mode.
 *
 * @param text what a scanner shall read, mostly a key URI
 * @returns one `<svg>` element without a size of its own; give it one with CSS. `text` occurs in it as modules only
 * @throws TypeError where `text` is no string or empty, RangeError where it is too long for a QR code
 *
 * @example
 * ```ts
 * import { generateSecret, keyUri } from '@sallyport/core/otp'
 * import { qrSvg } from '@sallyport/core/qr'
 *
 * const uri = keyUri({ secret: generateSecret(), issuer: 'Acme', account: 'alice@example.com' })
 * const html = `<div style="width: 16rem">${qrSvg(uri)}</div>`
 * ```
 */
export function qrSvg(text: string): string {
  const { size, isDark } = symbol(text)
  const side = size + 2 * quietZone
  let path = ''
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      if (!isDark(row, column)) continue
      const start = column
      while (isDark(row, column + 1)) column++
      path += `M${start + quietZone} ${row + quietZone}h${column + 1 - start}v1H${start + quietZone}z`
    }
  }
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 ${side} ${side}" shape-rendering="crispEdges">` +
    `<title>QR code</title><rect width="${side}" height="${side}" fill="#fff"/><path fill="#000" d="${path}"/></svg>`
  )
}

/**
 * Draws text as a QR code in PNG, for an `<img>`. A page with a Content-Security-Policy needs `img-src data:` for it.
 *
 * @param text what a scanner shall read, mostly a key URI
 * @returns a `data:image/png;base64,…` URL
 * @throws (rejects with) TypeError where `text` is no string or empty, RangeError where it is too long for a QR code
 *
 * @example
 * ```ts
 * import { generateSecret, keyUri } from '@sallyport/core/otp'
 * import { qrPngDataUrl } from '@sallyport/core/qr'
 *
 * const uri = keyUri({ secret: generateSecret(), issuer: 'Acme', account: 'alice@example.com' })
 * const html = `<img src="${await qrPngDataUrl(uri)}" alt="QR code" width="256" height="256">`
 * ```
 */
export async function qrPngDataUrl(text: string): Promise<string> {
  symbol(text)
  return QRCode.toDataURL(text, { errorCorrectionLevel, margin: quietZone, scale: 6 })
}

/**
 * Draws text as a QR code in half-block characters, two modules to a character, for a terminal with light letters on a dark
 * background: the light modules are what is printed.
 *
 * @param text what a scanner shall read, mostly a key URI
 * @returns lines of equal length, joined by line feeds, without one at the end
 * @throws TypeError where `text` is no string or empty, RangeError where it is too long for a QR code
 *
 * @example
 * ```ts
 * import { generateSecret, keyUri } from '@sallyport/core/otp'
 * import { qrText } from '@sallyport/core/qr'
 *
 * console.log(qrText(keyUri({ secret: generateSecret(), issuer: 'Acme', account: 'alice@example.com' })))
 * ```
 */
export function qrText(text: string): string {
  const { size, isDark } = symbol(text)
  const lines: string[] = []
  for (let row = -quietZone; row < size + quietZone; row += 2) {
    let line = ''
    for (let column = -quietZone; column < size + quietZone; column++) {
      // The number of rows is odd: below the last line lies nothing, which prints as light as the frame does.
      const [upper, lower] = [isDark(row, column), isDark(row + 1, column)]
      line += upper ? (lower ? ' ' : '▄') : lower ? '▀' : '█'
    }
    lines.push(line)
  }
  return lines.join('\n')
}

function symbol(text: string): { size: number; isDark(row: number, column: number): boolean } {
  if (typeof text !== 'string' || text === '') throw new TypeError('text must be a string that is not empty')
  const { modules } = createSymbol(text)
  const { size } = modules
  const isDark = (row: number, column: number) =>
    row >= 0 && column >= 0 && row < size && column < size && modules.get(row, column) !== 0
  return { size, isDark }
}

function createSymbol(text: string) {
  try {
    return QRCode.create(text, { errorCorrectionLevel })
  } catch {
    throw new RangeError('text must fit into one QR code')
  }
}
