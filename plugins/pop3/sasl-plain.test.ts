import { describe, expect, test } from 'vitest'
import { parsePlain } from './sasl-plain.ts'

const encode = (text: string | Buffer) => Buffer.from(text).toString('base64')

describe('parsePlain', () => {
  test('reads login and secret', () => {
    expect(parsePlain(encode('\0tim@example.org\0tanstaaf tanstaaf'))).toEqual({
      authorizationIdentity: '',
      login: 'tim@example.org',
      secret: 'tanstaaf tanstaaf',
    })
  })

  test('reads whom to act as', () => {
    expect(parsePlain(encode('Ursel\0Kurt\0xipj3plmq'))?.authorizationIdentity).toBe('Ursel')
  })

  test('takes UTF-8', () => {
    expect(parsePlain(encode('\0jürgen\0pässwörd'))).toMatchObject({ login: 'jürgen', secret: 'pässwörd' })
  })

  test.each([
    ['nothing', ''],
    ['an empty response', '='],
    ['text that is not base64', '!!!!'],
    ['base64 without its padding', encode('\0a\0bc').replace(/=+$/, '')],
    ['base64url', '-_-_'],
    ['one part', encode('a')],
    ['two parts', encode('\0a')],
    ['four parts', encode('\0a\0b\0c')],
    ['no login', encode('\0\0b')],
    ['no secret', encode('\0a\0')],
    ['octets that are not UTF-8', encode(Buffer.from([0, 0xff, 0, 0x61]))],
    ['a flood of NUL', encode('\0'.repeat(9000))],
  ])('refuses %s', (_, response) => {
    expect(parsePlain(response)).toBeUndefined()
  })
})
