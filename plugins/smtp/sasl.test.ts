import { expect, test } from 'vitest'
import { credentials, decodeResponse, parsePlain } from './sasl.ts'

test('PLAIN, with and without an identity to act as', () => {
  expect(parsePlain('\0jo\0secret')).toEqual({ login: 'jo', secret: 'secret' })
  expect(parsePlain('jo\0jo\0secret')).toEqual({ login: 'jo', secret: 'secret' })
  expect(parsePlain('ann\0jo\0s e c')).toEqual({ login: 'jo', secret: 's e c', authorizationIdentity: 'ann' })
})

test.each([
  '',
  'jo',
  '\0jo',
  '\0\0secret',
  '\0jo\0',
  '\0jo\0secret\0',
  '\0j\no\0secret',
  'a\rb\0jo\0secret',
  '\0jo\0sec\x7fret',
])('%j is no PLAIN message', (message) => {
  expect(parsePlain(message)).toBeUndefined()
})

test('a login without a name or a secret is none', () => {
  expect(credentials('', 'secret')).toBeUndefined()
  expect(credentials('jo', '')).toBeUndefined()
})

test('base64 is taken strictly', () => {
  expect(decodeResponse('am8=')).toBe('jo')
  expect(decodeResponse('asO2')).toBe('jö')
  expect(decodeResponse('=')).toBe('')
  expect(decodeResponse('')).toBe('')
  for (const bad of ['am8', 'am8= ', 'am8==', 'a', '====', 'am8=am8=', 'am-_', '/w==', '*']) {
    expect(decodeResponse(bad)).toBeUndefined()
  }
})
