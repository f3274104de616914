import fc from 'fast-check'

/** Addresses as numbers, and all their spellings, made without the code that is tested. */
export const four: fc.Arbitrary<number> = fc.oneof(fc.nat({ max: 0xffff_ffff }), fc.constantFrom(0, 1, 0xffff_ffff))

/** Eight groups, of which many are zero, so that there is something to abbreviate. None is an IPv4-mapped address. */
export const six: fc.Arbitrary<readonly number[]> = fc
  .array(fc.oneof(fc.constant(0), fc.nat({ max: 0xffff }), fc.constantFrom(1, 0xffff)), { minLength: 8, maxLength: 8 })
  .filter(groups => groups.slice(0, 5).some(group => group !== 0) || groups[5] !== 0xffff)

export const dotted = (address: number) => [24, 16, 8, 0].map(shift => (address >>> shift) & 255).join('.')
export const hexOf = (groups: readonly number[]) => groups.map(group => group.toString(16).padStart(4, '0')).join('')
export const groupsOf = (address: number) => [address >>> 16, address & 0xffff]
export const mappedGroups = (address: number) => [0, 0, 0, 0, 0, 0xffff, ...groupsOf(address)]

/** One of the ways to write eight groups: any case, leading zeros, any run of zeros left out, the last two as four decimals. */
export function spelling(groups: readonly number[]): fc.Arbitrary<string> {
  const choice = fc.record({
    widths: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 8, maxLength: 8 }),
    upper: fc.boolean(),
    tail: fc.boolean(),
    from: fc.nat({ max: 7 }),
    length: fc.nat({ max: 8 }),
  })
  return choice.map(({ widths, upper, tail, from, length }) => {
    const written = groups.map((group, at) => group.toString(16).padStart(widths[at] ?? 1, '0'))
    if (tail) written.splice(6, 2, dotted((((groups[6] ?? 0) << 16) | (groups[7] ?? 0)) >>> 0))
    let run = 0
    while (run < length && from + run < (tail ? 6 : 8) && groups[from + run] === 0) run++
    const text =
      run === 0 ? written.join(':') : `${written.slice(0, from).join(':')}::${written.slice(from + run).join(':')}`
    return upper ? text.toUpperCase() : text
  })
}

/** Any spelling of any address, with its canonical text: by `URL` for IPv6. */
export const spelled: fc.Arbitrary<{ text: string; canonical: string }> = fc.oneof(
  four.map(address => ({ text: dotted(address), canonical: dotted(address) })),
  four.chain(address => spelling(mappedGroups(address)).map(text => ({ text, canonical: dotted(address) }))),
  six.chain(groups => spelling(groups).map(text => ({ text, canonical: canonicalSix(groups) }))),
)

/** RFC 5952, as the URL standard writes a host. */
export function canonicalSix(groups: readonly number[]): string {
  return new URL(`http://[${groups.map(group => group.toString(16)).join(':')}]`).hostname.slice(1, -1)
}
