import { definePlugin, noOptions } from 'mailwright'
import { describe, expect, test } from 'vitest'
import {
  type MilterAnswer,
  milterPacket as packet,
  startFakeMilter,
} from '../../test/support/smtp/milter-fake.ts'
import {
  createFakeMilterHost,
  createMilterHost,
  replyCodes,
  sampleMail,
} from '../../test/support/smtp/milter-host.ts'

const taken = '250 2.0.0, 250 2.0.0'

describe('a verdict', () => {
  const decisions: readonly (readonly [name: string, answer: Buffer, reply: string])[] = [
    ['reject', packet('r'), '550 5.7.1'],
    ['tempfail', packet('t'), '451 4.7.1'],
    ['shut down', packet('4'), '421 4.7.1'],
    ['fail the connection', packet('f'), '421 4.7.1'],
    ['its own reply', packet('y', '554 5.7.9 100%% spam'), '554 5.7.9'],
    ['its own reply without a code', packet('y', '452 later'), '452 4.7.1'],
    ['its own lines', packet('y', '550-5.1.2 one\r\n550 5.1.2 two'), '550 5.1.2'],
  ]

  describe.each(decisions)('%s', (_, answer, reply) => {
    test.each('CHMTLNBE'.split(''))('at %s refuses', async (code) => {
      await using made = await createFakeMilterHost({ answers: { [code]: answer } })
      expect(await replyCodes(made)).toBe(`${reply}, ${reply}`)
      expect(made.taken).toEqual([])
    })

    test('of a recipient is that one alone', async () => {
      await using made = await createFakeMilterHost({ answers: { R: [answer, packet('c')] } })
      const ends = reply.startsWith('421')
      expect(await replyCodes(made)).toBe(ends ? `${reply}, ${reply}` : `${reply}, 250 2.0.0`)
      expect(made.taken.map(({ to }) => to)).toEqual(ends ? [] : [['c@example.org']])
    })
  })

  test('has the text of the milter', async () => {
    await using made = await createFakeMilterHost({
      answers: { E: packet('y', '550-5.7.1 100%% spam\r\n550-5.7.1\r\n550 5.7.1 \x07bell') },
    })
    const [answer] = await made.host.send(sampleMail)
    expect(answer?.reply.lines).toEqual(['100% spam', '', '?bell'])
  })

  test.each('CH'.split(''))('accept at %s ends the session with the milter', async (code) => {
    await using made = await createFakeMilterHost({ answers: { [code]: packet('a') } })
    expect(await replyCodes(made)).toBe(taken)
    await made.fake.until(() => made.fake.codes.endsWith('Q'))
    expect(made.fake.codes).toBe(code === 'C' ? 'OCQ' : 'OCHQ')
  })

  test.each([
    ['M', 'OCHMAQ'],
    ['R', 'OCHMRAQ'],
    ['T', 'OCHMRRTAQ'],
    ['L', 'OCHMRRTLAQ'],
    ['N', 'OCHMRRTLLLNAQ'],
    ['B', 'OCHMRRTLLLNBAQ'],
    ['E', 'OCHMRRTLLLNBEQ'],
  ])('accept at %s ends the message', async (code, said) => {
    await using made = await createFakeMilterHost({ answers: { [code]: packet('a') } })
    expect(await replyCodes(made)).toBe(taken)
    expect(made.taken).toHaveLength(1)
    await made.fake.until(() => made.fake.codes.endsWith('Q'))
    expect(made.fake.codes).toBe(said)
  })

  test.each('MRTLNBE'.split(''))('discard at %s: taken, and delivered to nobody', async (code) => {
    const changed = packet('+', '<x@example.org>')
    const answer: MilterAnswer = code === 'E' ? Buffer.concat([changed, packet('d')]) : packet('d')
    await using made = await createFakeMilterHost({ answers: { [code]: answer } })
    expect(await replyCodes(made)).toBe(taken)
    expect(made.taken).toEqual([])
    const told = (await made.host.history()).map(({ text }) => text)
    expect(told.join()).toContain('the message is discarded')
  })

  test.each(['plugins', 'pluginsBehind'])('discard holds for whom others add: %s', async (place) => {
    const copies = definePlugin({
      name: 'copies',
      parseOptions: noOptions,
      setup({ hooks }) {
        hooks.data.rewriteMessage.tap('copy', async (edits) => [
          ...edits,
          { kind: 'add-recipient', address: { localPart: 'archive', domain: 'example.org' } },
        ])
      },
    })
    const options = { [place]: [copies()] }
    await using made = await createFakeMilterHost({ answers: { E: packet('d') } }, {}, options)
    expect(await replyCodes(made)).toBe(taken)
    expect(made.taken).toEqual([])
  })

  test('skip of a recipient holds for the others of the message', async () => {
    await using made = await createFakeMilterHost({ flags: 0x400, answers: { R: packet('s') } })
    expect(await replyCodes(made)).toBe(taken)
    expect(made.fake.codes).toMatch(/^OCHMRTLLLNBE/)
    expect(await replyCodes(made)).toBe(taken)
    expect(made.fake.codes).toMatch(/E.*CHMRTLLLNBE/)
    expect(made.taken.map(({ to }) => to)).toEqual([sampleMail.to, sampleMail.to])
  })

  test('skip ends the header or the body', async () => {
    await using header = await createFakeMilterHost({ flags: 0x400, answers: { L: packet('s') } })
    expect(await replyCodes(header)).toBe(taken)
    expect(header.fake.codes).toMatch(/^OCHMRRTLNBE/)
    await using body = await createFakeMilterHost({ flags: 0x400, answers: { B: packet('s') } })
    expect(await replyCodes(body, { data: `\n${'x\n'.repeat(100_000)}` })).toBe(taken)
    expect(body.fake.codes).toMatch(/^OCHMRRTNBE/)
  })

  test('comes after signs of life', async () => {
    const late = Buffer.concat([packet('p'), packet('p'), packet('r')])
    await using made = await createFakeMilterHost({
      answers: { E: late, M: Buffer.concat([packet('p'), packet('c')]) },
    })
    expect(await replyCodes(made)).toBe('550 5.7.1, 550 5.7.1')
  })

  test('of the first milter counts, and the second is not asked', async () => {
    const second = await startFakeMilter()
    const first = await startFakeMilter({ answers: { R: [packet('r'), packet('c')] } })
    await using made = await createMilterHost([{ socket: first.socket }, { socket: second.socket }])
    expect(await replyCodes(made)).toBe('550 5.7.1, 250 2.0.0')
    expect(second.codes).toMatch(/^OCHMRTLLLNBE/)
    await made.host.stop()
    await Promise.all([first.stop(), second.stop()])
  })

  test.each([
    ['fields', 'X: y\n'.repeat(2_001)],
    ['octets', `X: ${'y\n '.repeat(400_000)}\n`],
  ])('is none on a message with more %s of header than it could see', async (_, fields) => {
    await using made = await createFakeMilterHost()
    const data = `${fields}Content-Type: multipart/mixed; boundary=b\n\n--b--\n`
    expect(await replyCodes(made, { ...sampleMail, data })).toBe('554 5.6.0, 554 5.6.0')
    expect(made.taken).toEqual([])
    expect(await replyCodes(made)).toBe(taken)
  })

  test('may come in pieces', async () => {
    let seed = 1
    const pieces = (): number => {
      seed = (seed * 48_271) % 2_147_483_647
      return 1 + (seed % 7)
    }
    const answer = Buffer.concat([
      packet('p'),
      packet('h', 'X-One', 'a'),
      packet('b', Buffer.from('new\r\n')),
      packet('i', 0, 'X-Two', 'b'),
      packet('c'),
    ])
    await using made = await createFakeMilterHost({ pieces, answers: { E: answer } })
    expect(await replyCodes(made)).toBe(taken)
    expect(made.taken[0]?.text).toMatch(/^X-Two: b\r\nFrom: [\s\S]*\r\nX-One: a\r\n\r\nnew\r\n$/)
  })
})
