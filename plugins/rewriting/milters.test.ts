import { definePlugin, noOptions, parseAddress } from 'mailwright'
import relay from 'mailwright/plugins/relay'
import { afterEach, describe, expect, test } from 'vitest'
import {
  type FakeMilter,
  type FakeMilterOptions,
  milterPacket as packet,
  startFakeMilter,
  textsOf,
} from '../../test/support/smtp/milter-fake.ts'
import { createMilterHost, login, type MilterHost } from '../../test/support/smtp/milter-host.ts'
import rewriting, { type RewritingInput } from './index.ts'

let fake: FakeMilter | undefined
let made: MilterHost | undefined
afterEach(async () => {
  await made?.host.stop()
  await fake?.stop()
})

/** A host with a milter that sends these packets at the end of a message. */
async function start(
  order: 'before' | 'behind',
  input: RewritingInput,
  end: readonly Buffer[],
  options: FakeMilterOptions = {},
): Promise<{ readonly fake: FakeMilter; readonly made: MilterHost }> {
  fake = await startFakeMilter({ ...options, answers: { E: Buffer.concat([...end, packet('c')]) } })
  const plugins = [rewriting({ localNetworks: ['192.0.2.0/24'], ...input })]
  made = await createMilterHost(
    [{ socket: fake.socket }],
    order === 'before' ? { plugins } : { pluginsBehind: plugins },
  )
  return { fake, made }
}

const mail = { from: 'jd@example.test', to: 'other@example.test' }
const canonical = [{ 'jd@example.test': 'jo.doe@example.test' }]

describe.each(['before', 'behind'] as const)('%s a milter', (order) => {
  test('the milter sees what is made of the header', async () => {
    const { fake: milter, made: host } = await start(order, { canonical }, [packet('h', 'X-Signed', 'yes')])
    await host.host.send({ ...mail, data: 'From: JD <jd@example.test>\nSubject: x\n\n' })
    expect(textsOf(milter, 'L')).toEqual(['From|JD <jo.doe@example.test>|', 'Subject|x|'])
    expect(host.taken[0]?.text).toBe('From: JD <jo.doe@example.test>\r\nSubject: x\r\nX-Signed: yes\r\n\r\n')
  })

  test('what the milter changes stays changed', async () => {
    const list = 'JD via list <list@lists.test>'
    const { made: host } = await start(order, { canonical }, [packet('m', 1, 'From', list)])
    await host.host.send({ ...mail, data: 'From: JD <jd@example.test>\n\n' })
    expect(host.taken[0]?.text).toBe(`From: ${list}\r\n\r\n`)
  })

  test('the milter counts the fields that it saw', async () => {
    const { made: host } = await start(order, { canonical }, [packet('m', 1, 'To', '')])
    await host.host.send({ ...mail, data: 'To: jd@example.test\nTo: other@example.test\n\n' })
    expect(host.taken[0]?.text).toBe('To: other@example.test\r\n\r\n')
  })

  test('what the milter discards has no copies', async () => {
    const { made: host } = await start(order, { alwaysBcc: ['archive@example.test'] }, [packet('d')])
    const [answer] = await host.host.send({ ...mail, data: 'Subject: x\n\n' })
    expect(answer?.reply.code).toBe(250)
    expect(host.taken).toEqual([])
  })
})

test('generic names are put where the changes of a milter before have left the addresses', async () => {
  const remote = definePlugin({
    name: 'remote',
    parseOptions: noOptions,
    setup({ hooks }) {
      hooks.delivery.route.tap('far', async ({ address }) => ({ kind: 'remote', address }))
    },
  })()
  const changes = [packet('m', 1, 'To', ''), packet('i', 0, 'To', 'b@in.test'), packet('c')]
  fake = await startFakeMilter({ answers: { E: Buffer.concat(changes) } })
  const generic = [{ 'a@in.test': 'a@out.test', 'b@in.test': 'b@out.test' }]
  made = await createMilterHost([{ socket: fake.socket }], {
    plugins: [remote],
    pluginsBehind: [rewriting({ generic })],
  })
  await made.host.send({ ...mail, data: 'To: x@in.test\nTo: a@in.test\nTo: y@in.test\n\n' })
  expect(made.taken[0]?.text).toBe('To: b@out.test\r\nTo: a@out.test\r\nTo: y@in.test\r\n\r\n')
})

test.each(['before', 'behind'] as const)('relay, %s it, checks the From that leaves', async (order) => {
  fake = await startFakeMilter()
  const both = [relay(), rewriting({ origin: 'example.org', masquerade: { domains: ['example.org'] } })]
  const plugins = order === 'before' ? both : both.toReversed()
  made = await createMilterHost([{ socket: fake.socket }], { plugins })
  const send = async (from: string) =>
    (
      await made?.host.send({
        from: login.login,
        to: 'x@far.example',
        data: `From: ${from}\n\n`,
        role: 'submission',
        login,
      })
    )?.map(({ reply }) => reply.code)
  expect(await send('Tim <tim@h1.example.org>')).toEqual([250])
  expect(await send('Tim <tim>')).toEqual([250])
  expect(await send('Tim <tom@h1.example.org>')).toEqual([550])
  expect(made.taken.map(({ text }) => parseAddress(/<(.*)>/.exec(text)?.[1] ?? ''))).toEqual([
    { localPart: 'tim', domain: 'example.org' },
    { localPart: 'tim', domain: 'example.org' },
  ])
})
