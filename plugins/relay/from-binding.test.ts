import {
  type Account,
  type Address,
  bufferContent,
  createMessage,
  formatAddress,
  type Reply,
  UnavailableError,
} from 'mailwright'
import { describe, expect, test } from 'vitest'
import { refuseFrom } from './from-binding.ts'
import { parseOptions } from './options.ts'
import { SenderBinding } from './sender-binding.ts'

const jo: Account = { id: 'jo', address: { localPart: 'jo', domain: 'here.example' } }

/** Of this system: jo, with info@ and everything with a detail; boss. */
const accounts = {
  async resolve({ domain, localPart }: Address) {
    if (localPart === 'late') throw new UnavailableError('no accounts now')
    return domain === 'here.example' ? ({ kind: 'unknown' } as const) : ({ kind: 'foreign' } as const)
  },
}
const delivery = {
  async route({ address }: { address: Address }) {
    if (!/^(info|jo\+.*)@here\.example$/i.test(formatAddress(address)))
      return { ok: false as const, reply: { code: 550, enhanced: '5.1.1', lines: ['no'] } }
    return { ok: true as const, routes: [{ kind: 'account' as const, account: jo, address }] }
  },
}

async function refusal(header: string, options: Record<string, unknown> = {}): Promise<Reply | undefined> {
  const message = await createMessage(bufferContent(Buffer.from(`${header}\r\n\r\ntext\r\n`)))
  return refuseFrom(message.header, jo, new SenderBinding(parseOptions(options), accounts, delivery))
}

describe('own addresses only', () => {
  test.each([
    'From: jo@here.example',
    'From: "Jo, the one" <Jo+x@HERE.example>',
    'From: Jo <info@here.example>, jo@here.example',
    'From: jo@here.example\r\nSender: <info@here.example>',
    'From: jo@here.example, boss@here.example\r\nSender: jo@here.example',
    'From: Team: jo@here.example;',
    'From: "info@here.example" <jo@here.example>',
    'From: =?utf-8?q?Jo=40home?= <jo@here.example>',
  ])('%j may be sent', async (header) => expect(await refusal(header)).toBeUndefined())

  test.each([
    ['From: boss@here.example', 550],
    ['From: someone@elsewhere.example', 550],
    ['From: boss@here.example\r\nSender: jo@here.example', 550],
    ['From: boss@here.example, jo@here.example\r\nSender: jo@here.example', 550],
    ['From: jo@here.example, boss@here.example', 550],
    ['From: jo@here.example\r\nSender: boss@here.example', 550],
    ['From: jo@here.example\r\nSender: jo@here.example, boss@here.example', 554],
    ['From: jo@here.example\r\nfrom: boss@here.example', 554],
    ['From: jo@here.example\r\nFrom : boss@here.example', 554],
    ['Sender: jo@here.example', 554],
    ['From: jo@here.example\r\nSender: jo@here.example\r\nSender: boss@here.example', 554],
    ['From:', 554],
    ['From: Nobody:;', 554],
    ['From: jo@here.example <boss@here.example>', 550],
    ['From: boss@here.example <jo@here.example>', 550],
    ['From: "boss@here.example" <jo@here.example>', 550],
    ['From: =?utf-8?q?boss=40here=2Eexample?= <jo@here.example>', 550],
    ['From: <jo@here.example> <boss@here.example>', 554],
    ['From: jo@here.example boss@here.example', 554],
    ['From: jo@here.example, boss', 554],
    ['From: jo@here.example, boss\r\nSender: jo@here.example', 554],
    // Who reads on finds another one.
    [`From: jo@here.example\r\n${'X: y\r\n'.repeat(2_000)}From: boss@here.example`, 554],
    [`From: jo@here.example\r\nX: ${'y\r\n '.repeat(300_000)}y\r\nFrom: boss@here.example`, 554],
    ['From: "jo@here.example" boss@here.example', 554],
    ['From: <boss@here.example', 554],
    ['From: (jo@here.example) boss@here.example', 550],
    ['From: "jo@here.example"@elsewhere.example', 550],
    ['From: =?utf-8?q?jo=40here=2Eexample?=', 554],
    [`From: ${'jo@here.example, '.repeat(60)}jo@here.example`, 554],
    [`From: ${'boss@here.example, '.repeat(50_000)}jo@here.example`, 554],
  ])('%j may not: %d', async (header, code) => {
    const refused = await refusal(header)
    expect(refused).toMatchObject({ code, enhanced: code === 550 ? '5.7.1' : '5.6.0' })
  })

  test('the reply says what is wrong, in ASCII', async () => {
    const lines = async (header: string) => (await refusal(header))?.lines
    const text = 'is not an address of the account that you logged in with'
    expect(await lines('From: bøss@bücher.example')).toEqual([
      `b?ss@xn--bcher-kva.example in the From field ${text}`,
    ])
    expect(await lines('From: boss@here.example <jo@here.example>')).toEqual([
      `boss@here.example in the display name of From ${text}`,
    ])
  })

  test('what is configured is own, too', async () => {
    const options = { extraSenders: { 'jo@here.example': ['@elsewhere.example', 'boss@here.example'] } }
    expect(await refusal('From: x@elsewhere.example, boss@here.example', options)).toBeUndefined()
    expect(await refusal('From: x@third.example', options)).toMatchObject({ code: 550 })
  })
})

describe('own addresses among those of our domains', () => {
  const options = { fromField: 'local' }

  test('those of others are free', async () => {
    expect(await refusal('From: someone@elsewhere.example', options)).toBeUndefined()
    expect(await refusal('From: boss@here.example', options)).toMatchObject({ code: 550 })
    expect(await refusal('From: jo@here.example', options)).toBeUndefined()
  })

  test('is never taken for granted where the accounts do not answer', async () => {
    await expect(refusal('From: late@elsewhere.example', options)).rejects.toMatchObject({
      code: 'MAIL_E_UNAVAILABLE',
    })
  })
})
