// Comfort only: every page works without this file.

for (const button of document.querySelectorAll('[data-copy]')) {
  const label = button.textContent
  button.hidden = false
  button.setAttribute('aria-live', 'polite')
  button.addEventListener('click', async () => {
    const source = document.getElementById(button.dataset.copy)
    const items = [...source.querySelectorAll('code')]
    const text = items.length > 0 ? items.map(item => item.textContent).join('\n') : source.textContent
    try {
      await navigator.clipboard.writeText(text)
      button.textContent = 'Copied'
    } catch {
      getSelection().selectAllChildren(source)
      button.textContent = 'Press Ctrl+C'
    }
    setTimeout(() => {
      button.textContent = label
    }, 3000)
  })
}

for (const button of document.querySelectorAll('[data-print]')) {
  button.hidden = false
  button.addEventListener('click', () => print())
}

// "123 456" and "123-456" become "123456" when pasted; the server takes them as they are, too.
for (const input of document.querySelectorAll('input[data-digits]')) {
  input.addEventListener('paste', event => {
    const pasted = event.clipboardData.getData('text')
    const digits = pasted.replace(/[\s-]/g, '')
    if (digits === pasted || !/^\d+$/.test(digits)) return
    event.preventDefault()
    input.setRangeText(digits, input.selectionStart, input.selectionEnd, 'end')
  })
}

// The permit of an operator's link goes from the address bar, and from the history with it, into the form.
function takePermit() {
  const permit = new URLSearchParams(location.hash.slice(1)).get('permit')
  const field = document.getElementById('permit')
  if (permit === null || field === null) return
  field.value = permit
  history.replaceState(null, '', location.pathname)
}
takePermit()
addEventListener('hashchange', takePermit)

// A time that is left, in the words of `waitInWords` on the server. When the last one of a form is over, what waits for it can go on.
function inWords(seconds) {
  const [count, unit] = seconds < 60 ? [Math.max(1, Math.ceil(seconds)), 'second'] : [Math.ceil(seconds / 60), 'minute']
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}
for (const shown of document.querySelectorAll('[data-countdown]')) {
  const line = shown.parentElement
  const button = line.previousElementSibling?.matches('[data-waits]') ? line.previousElementSibling : null
  const over = Date.now() + Number(shown.dataset.countdown) * 1000
  if (button !== null) button.disabled = true
  const timer = setInterval(() => {
    const left = (over - Date.now()) / 1000
    if (left > 0) {
      shown.textContent = inWords(left)
      return
    }
    clearInterval(timer)
    if (button !== null) button.disabled = false
    line.textContent = shown.dataset.over ?? ''
  }, 250)
}

// A second click on a button that is at work would answer with a code that has just been used up.
for (const form of document.forms) {
  form.addEventListener('submit', event => {
    if (form.dataset.sent) event.preventDefault()
    form.dataset.sent = 'true'
  })
}
addEventListener('pageshow', () => {
  for (const form of document.forms) delete form.dataset.sent
})
