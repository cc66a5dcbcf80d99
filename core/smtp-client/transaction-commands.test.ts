import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { createMessage } from '../message/create-message.ts'
import type { Address } from '../model/address/address.ts'
import { bufferContent } from '../model/content.ts'
import type { MailParameters } from '../model/transaction.ts'
import type { EhloKeywords } from './reply-reader.ts'
import { type HostManner, transactionCommands } from './transaction-commands.ts'

const message = await createMessage(bufferContent(Buffer.from('Subject: x\r\n\r\nHello\r\n')))
const extensions: EhloKeywords = new Map([['DSN', '']])

async function mailWith(envelopeId: string): Promise<string> {
  const envelope = {
    id: 'q1',
    message,
    reversePath: { localPart: 'a', domain: 'here.example' },
    parameters: { envelopeId },
    items: [],
  }
  const commands = await transactionCommands(envelope, extensions, { way: 'open', chunking: 'needed' })
  if (!('mail' in commands)) throw new TypeError(commands.lines.join(' '))
  return commands.mail
}

test.each([
  ['x'.repeat(100), 'x'.repeat(100)],
  ['+'.repeat(33), '+2B'.repeat(33)],
])('an envelope id of 100 characters as it is written goes on: %s', async (id, written) => {
  expect(await mailWith(id)).toBe(`MAIL FROM:<a@here.example> ENVID=${written}`)
})

test.each(['x'.repeat(101), '+'.repeat(34), 'ö'])('the message goes without %s', async (id) => {
  expect(await mailWith(id)).toBe('MAIL FROM:<a@here.example>')
})

describe('REQUIRETLS', () => {
  const offering: EhloKeywords = new Map([['REQUIRETLS', '']])
  const sender = { localPart: 'a', domain: 'here.example' }

  async function said(
    reversePath: Address | null,
    offered: EhloKeywords,
    way: HostManner['way'] = 'proven',
  ): Promise<string> {
    const envelope = { id: 'q1', message, reversePath, parameters: { requireTls: true }, items: [] }
    const commands = await transactionCommands(envelope, offered, { way, chunking: 'needed' })
    return 'mail' in commands ? commands.mail : String(commands.enhanced)
  }

  test('is passed on to who offers it, and nobody else has the message', async () => {
    expect(await said(sender, offering)).toBe('MAIL FROM:<a@here.example> REQUIRETLS')
    expect(await said(sender, extensions)).toBe('5.7.30')
    expect(await said(sender, offering, 'open')).toBe('5.7.30')
  })

  test('needs neither where the message stays on this machine', async () => {
    expect(await said(sender, offering, 'local')).toBe('MAIL FROM:<a@here.example> REQUIRETLS')
    expect(await said(sender, extensions, 'local')).toBe('MAIL FROM:<a@here.example>')
  })

  test('of a notification needs a host that proves itself, and no offer (RFC 8689 §5)', async () => {
    expect(await said(null, offering)).toBe('MAIL FROM:<> REQUIRETLS')
    expect(await said(null, extensions)).toBe('MAIL FROM:<>')
    expect(await said(null, offering, 'open')).toBe('5.7.30')
  })
})

describe('octets beyond ASCII', () => {
  const sender = { localPart: 'a', domain: 'here.example' }

  async function sent(
    octets: Buffer,
    parameters: MailParameters,
    offered: readonly string[],
  ): Promise<{ mail: string; octets: Buffer } | string> {
    const envelope = {
      id: 'q1',
      message: await createMessage(bufferContent(octets)),
      reversePath: sender,
      parameters,
      items: [],
    }
    const extensions = new Map(offered.map((name) => [name, '']))
    const commands = await transactionCommands(envelope, extensions, { way: 'open', chunking: 'needed' })
    if (!('mail' in commands)) return String(commands.enhanced)
    return { mail: commands.mail, octets: Buffer.concat(await Readable.from(commands.octets()).toArray()) }
  }

  const signed = [
    'Content-Type: multipart/signed; boundary=b',
    '',
    '--b',
    'Content-Transfer-Encoding: 8bit',
    '',
    'x',
    '--b--',
    '',
  ].join('\r\n')
  const plain = 'Content-Transfer-Encoding: 8bit\r\n\r\nx\r\n'

  test.each([
    ['a signed part', signed],
    ['text', plain],
    ['text below a header beyond ASCII', `Subject: \u00fc\r\n${plain}`],
  ])('7 bits go as they are, whatever was declared: %s', async (_, text) => {
    const octets = Buffer.from(text)
    expect(await sent(octets, { body: '8BITMIME' }, [])).toEqual({
      mail: 'MAIL FROM:<a@here.example>',
      octets,
    })
    expect(await sent(octets, { body: '8BITMIME' }, ['8BITMIME'])).toEqual({
      mail: 'MAIL FROM:<a@here.example> BODY=8BITMIME',
      octets,
    })
  })

  test('of a signed part go to nobody who takes 7 bits alone', async () => {
    expect(await sent(Buffer.from(signed.replace('x', '\u00fc')), {}, [])).toBe('5.6.3')
  })

  test.each(['utf8', 'latin1'] as const)(
    'in a header of %s are no SMTPUTF8 where the sender has not said so (RFC 6531)',
    async (encoding) => {
      const octets = Buffer.from('Subject: \u00fc\r\n\r\nx\r\n', encoding)
      const offered = ['8BITMIME', 'SMTPUTF8']
      expect(await sent(octets, {}, offered)).toEqual({
        mail: 'MAIL FROM:<a@here.example> BODY=8BITMIME',
        octets,
      })
      expect(await sent(octets, { smtpUtf8: true }, offered)).toMatchObject({
        mail: 'MAIL FROM:<a@here.example> BODY=8BITMIME SMTPUTF8',
      })
    },
  )
})
