import { describe, expect, test } from 'vitest'
import { createMessage } from '../message/create-message.ts'
import type { Address } from '../model/address.ts'
import { bufferContent } from '../model/content.ts'
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
