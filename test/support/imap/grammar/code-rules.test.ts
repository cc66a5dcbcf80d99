import { describe, expect, it } from 'vitest'
import { demandPlaced } from './code-rules.ts'
import { plainDialect } from './cursor.ts'
import { parseResponse } from './index.ts'
import type { StatusResponse } from './response.ts'

function place(line: string, uidOnly = false): void {
  demandPlaced(parseResponse(Buffer.from(`${line}\r\n`), plainDialect()) as StatusResponse, uidOnly)
}

describe('a response code', () => {
  it.each([
    '* OK [INPROGRESS ("a" 1 2)] x',
    'a BAD [UIDREQUIRED] x',
    'a OK [MESSAGELIMIT 4 3] x',
    'a NO [MESSAGELIMIT 4] x',
    '* NO [MESSAGELIMIT 4 3] x',
    'a OK [METADATA LONGENTRIES 5] x',
    'a NO [METADATA TOOMANY] x',
    'a NO [TOOBIG] x',
    'a NO [USEATTR] x',
    '* OK [UNSEEN 1] x',
    'a OK done',
  ])('may stand in %s', (line) => {
    expect(() => place(line)).not.toThrow()
  })

  it.each([
    ['a OK [INPROGRESS] x', 'INPROGRESS in OK'],
    ['* NO [INPROGRESS] x', 'INPROGRESS in * NO'],
    ['a NO [UIDREQUIRED] x', 'UIDREQUIRED in NO'],
    ['* BAD [UIDREQUIRED] x', 'UIDREQUIRED in * BAD'],
    ['* OK [MESSAGELIMIT 4 3] x', 'MESSAGELIMIT in * OK'],
    ['a BAD [MESSAGELIMIT 4] x', 'MESSAGELIMIT in BAD'],
    ['a NO [METADATA LONGENTRIES 5] x', 'METADATA LONGENTRIES in NO'],
    ['a OK [METADATA MAXSIZE 5] x', 'METADATA MAXSIZE in OK'],
    ['a BAD [TOOBIG] x', 'TOOBIG in BAD'],
    ['a OK [USEATTR] x', 'USEATTR in OK'],
  ])('may not stand in %s', (line, rule) => {
    expect(() => place(line)).toThrow(rule)
  })

  it('tells no message number once UIDONLY is enabled', () => {
    expect(() => place('* OK [UNSEEN 1] x', true)).toThrow('UNSEEN tells a message number')
  })
})
