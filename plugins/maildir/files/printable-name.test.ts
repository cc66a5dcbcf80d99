import { expect, it } from 'vitest'
import { printableName } from './printable-name.ts'

it.each(['plain', 'a b', 'line\nfeed', '100%', 'ü', '\u{1f4e7}', 'tab\t', '\x7f'])(
  'makes %j printable, and leaves nothing out',
  (base) => {
    expect(printableName(base)).toMatch(/^[\x21-\x7e]+$/)
    expect(decodeURIComponent(printableName(base))).toBe(base)
  },
)
