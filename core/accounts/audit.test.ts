import { describe, expect, it } from 'vitest'
import { errorCode } from '../errors.ts'
import { auditKey, auditSubject } from './audit.ts'

describe('subjects of the audit trail', () => {
  it.each([
    ['Example.ORG', 'example.org'],
    ['MÜNCHEN.example', 'xn--mnchen-3ya.example'],
    ['Jo@Example.org', 'jo@example.org'],
    ['"jo"@example.org', 'JO@EXAMPLE.ORG'],
    ['@example.org', '@Example.org'],
    ['"@"@example.org', '"@"@EXAMPLE.org'],
  ])('%s is %s', (one, other) => {
    expect(auditKey(one)).toBe(auditKey(other))
  })

  it('are domains, addresses and catch-alls, and each its own', () => {
    const subjects = ['example.org', '@example.org', 'jo@example.org', '"jo@example.org"@example.org']
    expect(new Set(subjects.map(auditKey)).size).toBe(4)
  })

  it.each(['', '@', 'a b', 'jo@', "x' or 1=1", 'x'.repeat(100_000)])('%s is none', (subject) => {
    try {
      auditKey(subject)
      expect.fail('it was taken')
    } catch (error) {
      expect(errorCode(error)).toBe('MAIL_E_INVALID')
    }
  })

  it('are found again as they were written', () => {
    for (const address of [
      { localPart: '', domain: 'example.org' },
      { localPart: 'Two words', domain: 'example.org' },
      { localPart: '@', domain: '[192.0.2.1]' },
    ])
      expect(() => auditKey(auditSubject(address))).not.toThrow()
  })
})
