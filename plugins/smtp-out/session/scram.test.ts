import { describe, expect, test } from 'vitest'
import { ScramLogin } from './scram.ts'

describe('SCRAM-SHA-256', () => {
  // RFC 7677 §3.
  const serverFirst = 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096'

  test('is that of the standard', async () => {
    const login = new ScramLogin('user', 'pencil', { kind: 'none' }, 'rOprNGfwEbeRWgbNEkqO')
    expect(login.first()).toBe('n,,n=user,r=rOprNGfwEbeRWgbNEkqO')
    expect(await login.final(serverFirst)).toBe(
      'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
    )
    login.verify('v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=')
  })

  test.each([
    ['another nonce', serverFirst.replace('rOpr', 'xOpr')],
    ['no nonce of its own', 'r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096'],
    ['few iterations', serverFirst.replace('4096', '1')],
    ['endless work', serverFirst.replace('4096', '9999999')],
    ['nonsense', 'hello'],
  ])('a server with %s is not answered', async (_, message) => {
    await expect(
      new ScramLogin('user', 'pencil', { kind: 'none' }, 'rOprNGfwEbeRWgbNEkqO').final(message),
    ).rejects.toThrow(RangeError)
  })

  test('a server has to know the password, too', async () => {
    const login = new ScramLogin('user', 'pencil', { kind: 'none' }, 'rOprNGfwEbeRWgbNEkqO')
    await login.final(serverFirst)
    expect(() => login.verify('v=AAAA')).toThrow(RangeError)
    expect(() => login.verify('')).toThrow(RangeError)
  })
})
