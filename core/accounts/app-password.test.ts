import { describe, expect, it } from 'vitest'
import { errorCode } from '../errors.ts'
import { verifyPassword } from '../passwords/index.ts'
import { makeAppPassword, matchAppPassword, sameName } from './app-password.ts'

function codeOf(run: () => unknown): unknown {
  try {
    return run()
  } catch (error) {
    return errorCode(error)
  }
}

describe('app passwords', () => {
  it('are made with a secret that nobody guesses, and kept as a salted hash', async () => {
    const made = Array.from({ length: 100 }, () => makeAppPassword({ name: 'Phone' }, [], 5))
    expect(new Set(made.map(({ secret }) => secret)).size).toBe(100)
    for (const { secret, stored } of made) {
      expect(secret).toMatch(/^[2-9a-hjkmnp-z]{6}(-[2-9a-hjkmnp-z]{6}){3}$/)
      expect(stored.hash).not.toContain(secret)
      expect(stored).toMatchObject({ name: 'Phone', roles: [], createdAt: new Date(5) })
    }
    const [first, second] = ['a', 'b'].map((name) => makeAppPassword({ name, secret: 'x'.repeat(20) }, [], 0))
    expect(first?.stored.hash, 'the same secret, another salt').not.toBe(second?.stored.hash)
    const [one] = made
    expect(await verifyPassword(one?.secret ?? '', one?.stored.hash ?? ''), 'a form that others know').toBe(
      true,
    )
  })

  it('are told apart by name in any case', () => {
    const { stored } = makeAppPassword({ name: 'Phöne' }, [], 0)
    expect(codeOf(() => makeAppPassword({ name: 'PHO\u0308NE' }, [stored], 0))).toBe('MAIL_E_EXISTS')
    expect(sameName('Phone', 'Phone 2')).toBe(false)
  })

  it('are refused where somebody chose them', () => {
    for (const secret of ['', 'secret', 'x'.repeat(19), 'x'.repeat(1025), `${'x'.repeat(20)}\t`])
      expect(codeOf(() => makeAppPassword({ name: 'x', secret }, [], 0))).toBe('MAIL_E_INVALID')
  })

  it('match exactly, those for the role first', () => {
    const secret = 'x'.repeat(20)
    const [imap, pop3] = (['imap', 'pop3'] as const).map(
      (role) => makeAppPassword({ name: role, roles: [role], secret }, [], 0).stored,
    )
    if (imap === undefined || pop3 === undefined) throw new Error('not made')
    expect(matchAppPassword(secret, 'pop3', [imap, pop3])).toEqual({ found: pop3, inScope: true })
    expect(matchAppPassword(secret, 'http', [imap, pop3])).toEqual({ found: imap, inScope: false })
    for (const wrong of ['', `${secret}x`, secret.slice(1), 'x'.repeat(1_000_000)])
      expect(matchAppPassword(wrong, 'imap', [imap, pop3])).toBeUndefined()
  })

  it('match nothing where the hash is malformed', () => {
    const bare = Buffer.alloc(32).toString('base64')
    for (const hash of ['', '{SSHA256}', `{SSHA256}${bare}`, '{PLAIN}x', `${bare}${bare}`, '{SSHA256}%'])
      expect(matchAppPassword('x', 'imap', [{ hash, roles: [] }]), hash).toBeUndefined()
  })
})
