import { describe, expect, it } from 'vitest'
import { parseNamedQuery } from './bound-query.ts'
import { parseDovecotQuery } from './dovecot-variables.ts'
import { splitSql } from './sql-text.ts'

const values = {
  address: 'Jo@example.org',
  login: 'Jo@example.org',
  localPart: 'Jo',
  domain: 'example.org',
  service: 'imap',
}

/** The text with `?`, and what is bound to it. */
function bound(parsed: ReturnType<typeof parseNamedQuery>): unknown {
  return 'problem' in parsed
    ? parsed.problem
    : [parsed.query.sql, ...parsed.query.parameters.map((one) => one(values))]
}

const names = ['address', 'localPart', 'domain']

describe('queries with named parameters', () => {
  it.each([
    ['select 1 from d where name = :domain', ['select 1 from d where name = ?', 'example.org']],
    ['select 1 where :localPart=:address;', ['select 1 where ?=?', 'Jo', 'Jo@example.org']],
    ["select ':address' where a = :address", ["select ':address' where a = ?", 'Jo@example.org']],
    ["select 'it''s :x' -- :y\n where 1 = 1", ["select 'it''s :x'   where 1 = 1"]],
    ["select 'a\\':x', `:x`, \":x\" /* :z */ # :q", ["select 'a\\':x', `:x`, \":x\""]],
    ['select 1 where a::text = :address', ['select 1 where a::text = ?', 'Jo@example.org']],
  ])('%s', (text, expected) => {
    const result = bound(parseNamedQuery(text, names))
    expect(Array.isArray(result) ? result.map((one) => String(one).trim()) : result).toEqual(expected)
  })

  it.each([
    ['select :adress', 'has :adress; it may have :address, :localPart, :domain'],
    ["select 'open", 'has a quote or a comment that is not closed'],
    ['select /* open', 'has a quote or a comment that is not closed'],
    ["select '?'", 'has a question mark; write parameters by their names'],
    ['select 1; drop table x', 'has a semicolon; it must be one statement'],
    [' ; ', 'is empty'],
  ])('%s is refused', (text, problem) => {
    expect(bound(parseNamedQuery(text, names))).toBe(problem)
  })
})

describe("queries with Dovecot's variables", () => {
  it.each([
    ["select p from u where user = '%u'", ['select p from u where user = ?', 'Jo@example.org']],
    ["where n = '%n' and d = '%d'", ['where n = ? and d = ?', 'Jo', 'example.org']],
    ['where a = \'%Ln@%Ud\' and s = "%s"', ['where a = ? and s = ?', 'jo@EXAMPLE.ORG', 'imap']],
    ["where a = 'it''s %n'", ['where a = ?', "it's Jo"]],
    ["where a like '100%%' and b = '%n%%'", ["where a like '100%' and b = ?", 'Jo%']],
    ['where a = %u', ['where a = ?', 'Jo@example.org']],
    [
      "where a = '%{user}' or b = '%{user | username | lower}'",
      ['where a = ? or b = ?', 'Jo@example.org', 'jo'],
    ],
    [
      "where d = '%{user|domain}' and '%{protocol}' = 'imap'",
      ["where d = ? and ? = 'imap'", 'example.org', 'imap'],
    ],
  ])('%s', (text, expected) => {
    expect(bound(parseDovecotQuery(text))).toEqual(expected)
  })

  it.each([
    ["where p = '%w'", /^has %w: passwords are verified here/],
    ["where p = '%{password}'", /^has %\{password\}: passwords/],
    ["where r = '%r'", /^has %r; the variables are/],
    ["where r = '%{user|sha256}'", /^has %\{user\|sha256\}; the variables are/],
    ["where r = 'a\\'%n'", /^has a backslash/],
    ["where r = '%n' and q = '?'", /^has a question mark/],
    ["where r = '%n", /not closed$/],
  ])('%s is refused', (text, problem) => {
    expect(bound(parseDovecotQuery(text))).toMatch(problem)
  })
})

describe('splitSql', () => {
  it('loses nothing', () => {
    for (const text of ['', "a'b''c'\"d\"`e``f`--g", "-- x\n'y'/* z */#", "'\\''", 'a - b -- c']) {
      expect(
        splitSql(text)
          ?.map((piece) => piece.text)
          .join(''),
        text,
      ).toBe(text)
    }
  })

  it('takes linear time', () => {
    for (const unit of ["''", '-- ', '/*', '#', "\\'", '`'])
      expect(() => splitSql(unit.repeat(200_000)), unit).not.toThrow()
  })
})
