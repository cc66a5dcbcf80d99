import { expect, test } from 'vitest'
import { mapForSasl, saslprep } from './saslprep.ts'

// RFC 4013 §3, and what else its tables say.
test.each<[string, string | undefined]>([
  ['I\u00adX', 'IX'],
  ['user', 'user'],
  ['USER', 'USER'],
  ['\u00aa', 'a'],
  ['\u2168', 'IX'],
  ['\u0007', undefined],
  ['a\u00a0b\u3000c', 'a b c'],
  ['jo\u0308rg', 'jörg'],
  ['', undefined],
  ['\u00ad', undefined],
  ['a\nb', undefined],
  ['a\u0085b', undefined],
  ['a\u200eb', undefined],
  ['a\u2028b', undefined],
  ['a\ud800', undefined],
  ['a\ue000', undefined],
  ['a\ufdd0', undefined],
  ['a\u{1ffff}', undefined],
  ['a\ufffdb', undefined],
  ['a\u{e0041}', undefined],
  ['🐴', '🐴'],
  ['אב@example.org', 'אב@example.org'],
])('%j becomes %j', (given, prepared) => {
  expect(saslprep(given)).toBe(prepared)
})

test('keys are made also of what is prohibited', () => {
  expect(mapForSasl('a\tb\u00a0')).toBe('a\tb ')
})
