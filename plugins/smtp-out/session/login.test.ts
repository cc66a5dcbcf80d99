import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Login } from '../routing/secret.ts'
import { logIn } from './login.ts'
import type { SmtpConnection } from './smtp-connection.ts'

/** A connection to a host that offers some mechanisms, and answers every command with what is left of a list. */
function host(offered: string, answers: readonly string[]): { connection: SmtpConnection; said: string[] } {
  const said: string[] = []
  const left = [...answers]
  const connection = {
    extensions: new Map([['AUTH', offered]]),
    place: 'mx.example[192.0.2.1]:587',
    host: 'mx.example',
    destroy: () => undefined,
    fault: (problem: string) => new Error(problem),
    async command(text: string) {
      said.push(text)
      const [, code = '', words = ''] = /^(\d+) ?(.*)$/.exec(left.shift() ?? '500') ?? []
      return { code: Number(code), enhanced: undefined, lines: [words] }
    },
  }
  return { connection: connection as unknown as SmtpConnection, said }
}

const login: Login = { user: 'me', secret: { kind: 'text', text: 'secret' }, kind: 'password' }
const settings = { timeout: 1_000, port: 587, isConfidential: true, channelBinding: undefined }

describe('a login', () => {
  test('by the best mechanism there is', async () => {
    const { connection, said } = host('LOGIN PLAIN CRAM-MD5', ['235 fine'])
    await logIn(connection, login, settings)
    expect(said).toEqual([`AUTH PLAIN ${Buffer.from('\0me\0secret').toString('base64')}`])
  })

  test('by CRAM-MD5 where the host has nothing else', async () => {
    const challenge = '<1896.697170952@postoffice.reston.mci.net>'
    const { connection, said } = host('CRAM-MD5 GSSAPI', [
      `334 ${Buffer.from(challenge).toString('base64')}`,
      '235 fine',
    ])
    // The example of RFC 2195 §2.
    await logIn(
      connection,
      { ...login, user: 'tim', secret: { kind: 'text', text: 'tanstaaftanstaaf' } },
      settings,
    )
    expect(said).toEqual(['AUTH CRAM-MD5', 'dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw'])
  })

  test('by CRAM-MD5 of a challenge as its octets are, that need be no text', async () => {
    const challenge = Buffer.from([0x3c, 0xff, 0x80, 0x3e])
    const { connection, said } = host('CRAM-MD5', [`334 ${challenge.toString('base64')}`, '235 fine'])
    await logIn(connection, login, settings)
    const digest = createHmac('md5', 'secret').update(challenge).digest('hex')
    expect(said[1]).toBe(Buffer.from(`me ${digest}`).toString('base64'))
  })

  test.each(['CRAM-MD5', 'SCRAM-SHA-256'])(
    'by %s is given up where a challenge is not base64',
    async (offered) => {
      const { connection, said } = host(offered, ['334 <1.2@mx.example>', '501 as you wish'])
      await expect(logIn(connection, login, settings)).rejects.toMatchObject({
        outcome: { kind: 'deferred', reply: { lines: [expect.stringContaining('not base64')] } },
      })
      expect(said.slice(1)).toEqual(['*'])
    },
  )

  test('by LOGIN goes on, however the host asks', async () => {
    const { connection, said } = host('LOGIN', ['334 Username:', '334 Password:', '235 fine'])
    await logIn(connection, login, settings)
    expect(said).toHaveLength(3)
  })

  test.each([
    ['CRAM-MD5', login, 'no login without TLS that is used here'],
    ['PLAIN LOGIN', login, 'no login without TLS'],
    ['OAUTHBEARER', { ...login, kind: 'token' } as const, 'no login without TLS'],
  ])('by %s not where others can hear it', async (offered, own, text) => {
    const { connection, said } = host(offered, [])
    await expect(logIn(connection, own, { ...settings, isConfidential: false })).rejects.toMatchObject({
      outcome: { kind: 'deferred', reply: { enhanced: '4.7.0', lines: [expect.stringContaining(text)] } },
    })
    expect(said).toEqual([])
  })

  test('by SCRAM, which no listener learns from, and a host that cannot prove itself is left', async () => {
    const { connection, said } = host('PLAIN SCRAM-SHA-256', [
      `334 ${Buffer.from('r=x,s=AA==,i=4096').toString('base64')}`,
    ])
    await expect(logIn(connection, login, { ...settings, isConfidential: false })).rejects.toMatchObject({
      outcome: { kind: 'deferred', reply: { lines: [expect.stringContaining('cannot prove itself')] } },
    })
    expect(said[0]).toMatch(/^AUTH SCRAM-SHA-256 /)
  })

  const bound = { ...settings, channelBinding: Buffer.from('keying material') }

  test.each([
    ['SCRAM-SHA-256 SCRAM-SHA-256-PLUS PLAIN', bound, 'SCRAM-SHA-256-PLUS', 'p=tls-exporter,,'],
    ['SCRAM-SHA-256', bound, 'SCRAM-SHA-256', 'y,,'],
    ['SCRAM-SHA-256 SCRAM-SHA-256-PLUS', settings, 'SCRAM-SHA-256', 'n,,'],
  ])('tied to its connection where both ends can: %s', async (offered, own, mechanism, header) => {
    const challenge = (command: string): string => {
      const first = Buffer.from(command.split(' ')[2] ?? '', 'base64').toString()
      const nonce = /r=(.*)$/.exec(first)?.[1]
      return Buffer.from(`r=${nonce}more,s=AA==,i=4096`).toString('base64')
    }
    const { connection, said } = host(offered, [])
    const answers = [() => challenge(said[0] ?? ''), () => '']
    Object.assign(connection, {
      async command(text: string) {
        said.push(text)
        return {
          code: answers.length > 0 ? 334 : 535,
          enhanced: undefined,
          lines: [answers.shift()?.() ?? ''],
        }
      },
    })
    await expect(logIn(connection, login, own)).rejects.toThrow('cannot prove itself')
    const [, name, first = ''] = /^AUTH (\S+) (.*)$/.exec(said[0] ?? '') ?? []
    expect(name).toBe(mechanism)
    expect(Buffer.from(first, 'base64').toString()).toMatch(new RegExp(`^${header}n=me,r=`))
    const final = Buffer.from(said[1] ?? '', 'base64').toString()
    const [, channel = ''] = /^c=([^,]*),/.exec(final) ?? []
    const data = own === bound && mechanism.endsWith('-PLUS') ? 'keying material' : ''
    expect(Buffer.from(channel, 'base64').toString()).toBe(`${header}${data}`)
  })

  test.each([
    [undefined, 'AUTH EXTERNAL ='],
    ['me', 'AUTH EXTERNAL bWU='],
  ])('by the certificate that was shown, as %s', async (user, expected) => {
    const { connection, said } = host('PLAIN EXTERNAL', ['235 fine'])
    await logIn(connection, { kind: 'certificate', user }, settings)
    expect(said).toEqual([expected])
  })

  test('a certificate may do without a login, but not where one was asked for', async () => {
    const { connection, said } = host('PLAIN', [])
    await logIn(connection, { kind: 'certificate', user: undefined }, settings)
    await expect(logIn(connection, { kind: 'certificate', user: 'me' }, settings)).rejects.toMatchObject({
      outcome: { kind: 'deferred', reply: { enhanced: '4.7.0', lines: [expect.stringContaining('no way')] } },
    })
    expect(said).toEqual([])
  })

  test('with a long token in a line of its own, and a refusal that is asked for', async () => {
    const token = 't'.repeat(1_000)
    const { connection, said } = host('OAUTHBEARER', ['334 ', '334 eyJzdGF0dXMiOiI0MDAifQ==', '535 5.7.8 no'])
    const own: Login = { user: 'me', secret: { kind: 'text', text: token }, kind: 'token' }
    await expect(logIn(connection, own, settings)).rejects.toMatchObject({
      outcome: { kind: 'deferred', cause: 'policy', concerns: 'destination' },
    })
    expect(said[0]).toBe('AUTH OAUTHBEARER')
    expect(Buffer.from(said[1] ?? '', 'base64').toString()).toBe(
      `n,a=me,\x01host=mx.example\x01port=587\x01auth=Bearer ${token}\x01\x01`,
    )
    expect(said[2]).toBe('AQ==')
  })

  test.each([
    [{ kind: 'file', path: '/nowhere/password' }, 'cannot be read'],
    [{ kind: 'environment', name: 'MAILWRIGHT_NOWHERE' }, 'nothing in the variable'],
  ] as const)('%j: not now', async (secret, text) => {
    const { connection } = host('PLAIN', [])
    await expect(logIn(connection, { ...login, secret }, settings)).rejects.toMatchObject({
      outcome: { kind: 'deferred', reply: { lines: [expect.stringContaining(text)] } },
    })
  })

  test('by LOGIN, where the host asks first', async () => {
    const { connection, said } = host('LOGIN', ['334 VXNlcm5hbWU6', '334 UGFzc3dvcmQ6', '235 fine'])
    await logIn(connection, login, settings)
    expect(said).toEqual(['AUTH LOGIN', 'bWU=', 'c2VjcmV0'])
  })

  test.each([
    ['LOGIN', 3],
    ['PLAIN', 11],
  ])('%s: questions without an end have one', async (offered, commands) => {
    const { connection, said } = host(offered, Array(20).fill('334 more'))
    await expect(logIn(connection, login, settings)).rejects.toThrow('no end')
    expect(said).toHaveLength(commands)
  })
})
