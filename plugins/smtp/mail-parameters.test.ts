import { describe, expect, test } from 'vitest'
import { parseMailParameters } from './mail-parameters.ts'

const bare = { maxSize: 1000, binaryMime: false, dsn: false, auth: false, requireTls: false }
const all = { maxSize: 1000, binaryMime: true, dsn: true, auth: true, requireTls: true }

describe('known', () => {
  test.each([
    ['', {}],
    [' SIZE=1000', { size: 1000 }],
    [' body=8bitmime', { body: '8BITMIME' }],
    [' BODY=7BIT', { body: '7BIT' }],
    [' BODY=BinaryMime', { body: 'BINARYMIME' }],
    [' SMTPUTF8', { smtpUtf8: true }],
    [' RET=hdrs ENVID=QQ+2B1', { ret: 'HDRS', envelopeId: 'QQ+1' }],
    [' ENVID=a+2b', { envelopeId: 'a+' }],
    [' AUTH=<>', { auth: '<>' }],
    [' requiretls', { requireTls: true }],
    [' AUTH=jo+40example.org', { auth: 'jo@example.org' }],
  ])('%j', (text, value) => {
    expect(parseMailParameters(text, all)).toEqual({ ok: true, value })
  })
})

describe('refused', () => {
  test.each([
    [' SIZE=1001', 552, '5.3.4'],
    [' SIZE=99999999999999999999', 552, '5.3.4'],
    [' SIZE=-1', 501, '5.5.4'],
    [' SIZE=1=2', 501, '5.5.4'],
    [' ENVID=a=b', 501, '5.5.4'],
    [' SIZE=1e3', 501, '5.5.4'],
    [' SIZE', 501, '5.5.4'],
    [' SIZE=000000000000000000001', 501, '5.5.4'],
    [' BODY=BINARY', 501, '5.5.4'],
    [' BODY', 501, '5.5.4'],
    [' SMTPUTF8=1', 501, '5.5.4'],
    [' RET=BODY', 501, '5.5.4'],
    [' ENVID=a+0D+0A', 501, '5.5.4'],
    [` ENVID=${'a'.repeat(101)}`, 501, '5.5.4'],
    [' AUTH=a+00', 501, '5.5.4'],
    [' FOO=bar', 555, '5.5.4'],
    [' SIZE=1 REQUIRETLS=1', 501, '5.5.4'],
  ])('%j', (text, code, enhanced) => {
    expect(parseMailParameters(text, all)).toMatchObject({ ok: false, reply: { code, enhanced } })
  })

  test.each([' RET=FULL', ' ENVID=a', ' AUTH=<>', ' REQUIRETLS'])('%j where it was not offered', (text) => {
    expect(parseMailParameters(text, bare)).toMatchObject({
      ok: false,
      reply: { code: 555, enhanced: '5.5.4' },
    })
  })

  test('BINARYMIME where it was not offered', () => {
    expect(parseMailParameters(' BODY=BINARYMIME', bare)).toMatchObject({ ok: false, reply: { code: 501 } })
  })
})
