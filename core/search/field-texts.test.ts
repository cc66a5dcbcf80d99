import { describe, expect, it } from 'vitest'
import { parseHeader } from '../model/header/header.ts'
import { fieldTexts } from './field-texts.ts'
import { foldText } from './fold-text.ts'

function textsOf(field: string): readonly string[] {
  const [found] = parseHeader(Buffer.from(`${field}\r\n\r\n`)).fields
  if (found === undefined) throw new Error('no field')
  return fieldTexts(found, found.name.toLowerCase())
}

describe('addresses are found as ENVELOPE tells them (RFC 9051 §6.4.4)', () => {
  it.each([
    ['"Lastname\\, First" <lf@x.org>', 'lastname, first'],
    ['John (the boss) Doe <jd@x.org>', 'John Doe'],
    ['John "the boss" Doe <jd@x.org>', 'John the boss Doe'],
    ['"John" Doe <jd@x.org>', 'john doe'],
    ['John "Doe" <jd@x.org>', 'john doe'],
    ['Lastname,\r\n\t"John  Doe" <jd@x.org>', 'John  Doe'],
    ['John\r\n\t Doe <jd@x.org>', 'john doe <jd@x.org>'],
    ['first.last @ dom.org', 'first.last@dom.org'],
    ['first . last@dom.org', 'first.last@dom.org'],
    ['<user-from (comment)@ (comment) domain.org>', 'user-from@domain.org'],
    ['"a b"@x.org', 'a b@x.org'],
    ['"a".b@x.org', 'a.b@x.org'],
    ['a."b"@x.org', 'a.b@x.org'],
    ['The (old) Group: a@x.org;', 'The Group'],
    ['=?utf-8?q?J=C3=B6?= (x) =?utf-8?q?Doe?= <jd@x.org>', 'jö'],
  ])('%s', (body, wanted) => {
    const needle = foldText(wanted)
    for (const name of ['From', 'To', 'Cc', 'Bcc'])
      expect(textsOf(`${name}: ${body}`).some((text) => text.includes(needle))).toBe(true)
  })

  it('and as they are written', () => {
    const [written, ...others] = textsOf('From: John (the boss) Doe <jd@x.org>')
    expect(written).toBe(foldText('John (the boss) Doe <jd@x.org>'))
    expect(others).toEqual([foldText('John Doe <jd@x.org>')])
  })
})

it.each([
  'From: John Doe <jd@x.org>',
  'From: "Doe, John" <jd@x.org>, x@y.org',
  'From: J. R. Doe <j.d@x.org>',
  'From: jd@x.org (John)',
  'From: =?utf-8?q?Doe=2C_J=C3=B6?= <jd@x.org>',
  'From: Group: a@x.org, b@x.org;',
  'Subject: John (the boss) Doe',
  'Reply-To: John (the boss) Doe <jd@x.org>',
])('%s is one text', (field) => {
  expect(textsOf(field)).toHaveLength(1)
})

it('takes time by the length alone', () => {
  for (const piece of ['"', '" ', 'a "', '(', '[', '\\', 'a . ', ', '])
    textsOf(`From: ${piece.repeat(50_000)}`)
})
