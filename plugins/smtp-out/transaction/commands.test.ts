import { bufferContent, createMessage, type EhloKeywords } from 'mailwright'
import { expect, test } from 'vitest'
import { commandsFor } from './commands.ts'

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
  const commands = await commandsFor(envelope, extensions, { isProven: false, chunking: false })
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
