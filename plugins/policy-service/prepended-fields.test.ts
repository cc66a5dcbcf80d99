import { createServer, type Server, type Socket } from 'node:net'
import { definePlugin, noOptions, type PluginInstance } from 'mailwright'
import { afterEach, expect, test } from 'vitest'
import { type FakeMilter, startFakeMilter, textsOf } from '../../test/support/smtp/milter-fake.ts'
import { createMilterHost, type MilterHost, sampleMail } from '../../test/support/smtp/milter-host.ts'
import policyService from './index.ts'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})

/** A policy server that gives its answers in turn, the last one again and again; its option `service`. */
async function policyServer(...answers: readonly string[]): Promise<string> {
  const sockets = new Set<Socket>()
  let asked = 0
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    // Each request comes in one piece, and the next one behind the answer.
    socket.on('data', () => socket.write(`action=${answers[Math.min(asked++, answers.length - 1)]}\n\n`))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  ends.push(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => server.close(resolve))
  })
  return `inet:127.0.0.1:${(server.address() as { port: number }).port}`
}

/** Two policy servers, and a milter in front of them or behind. */
async function scene(place: 'plugins' | 'pluginsBehind'): Promise<{ fake: FakeMilter; made: MilterHost }> {
  const first = await policyServer('PREPEND X-First: 1', 'PREPEND X-First: 2', 'PREPEND X-Last: 3')
  const second = await policyServer('PREPEND X-Second: 1', 'DUNNO')
  const fake = await startFakeMilter()
  ends.push(() => fake.stop())
  const made = await createMilterHost([{ socket: fake.socket }], {
    [place]: [
      policyService({ service: first, ask: ['recipient', 'message'] }, { as: 'one' }),
      policyService({ service: second }, { as: 'two' }),
    ],
  })
  ends.push(() => made.host.stop())
  return { fake, made }
}

test.each(['plugins', 'pluginsBehind'] as const)(
  'a milter sees what was prepended before the end of the message, with policy servers as %s',
  async (place) => {
    const { fake, made } = await scene(place)
    const answers = await made.host.send(sampleMail)
    expect(answers.map(({ reply }) => reply.code)).toEqual([250, 250])
    expect(textsOf(fake, 'L').slice(0, 4)).toEqual([
      'X-First|1|',
      'X-First|2|',
      'X-Second|1|',
      'From|a@client.example|',
    ])
    const fields =
      'X-Last: 3\r\nX-First: 1\r\nX-First: 2\r\nX-Second: 1\r\nFrom: a@client.example\r\nSubject:'
    expect(made.taken[0]?.text.split('  ')[0]).toBe(fields)
    expect(made.taken[0]?.text.match(/X-First/g)).toHaveLength(2)
  },
)

/** What a mail has at its top, of which policy servers have been asked at its end. */
async function fieldsOf(...plugins: readonly PluginInstance[]): Promise<readonly string[]> {
  const { socket, stop } = await startFakeMilter()
  ends.push(stop)
  const made = await createMilterHost([{ socket }], { plugins })
  ends.push(() => made.host.stop())
  await made.host.send(sampleMail)
  const text = made.taken[0]?.text ?? ''
  return text.slice(0, text.indexOf('From:')).trimEnd().split('\r\n')
}

test('several policy servers put fields on top in the order of their answers, at the end too', async () => {
  const foreign = definePlugin({
    name: 'foreign',
    parseOptions: noOptions,
    setup({ hooks }) {
      hooks.data.rewriteMessage.tap('top', async (edits) => [
        ...edits,
        { kind: 'insert-field', name: 'X-Foreign', value: '1' },
      ])
    },
  })
  const ask = async (name: string) =>
    policyService(
      { service: await policyServer(`PREPEND ${name}: 1`), ask: ['message'] },
      { as: name.toLowerCase() },
    )
  const [one, two, three] = [await ask('X-One'), await ask('X-Two'), await ask('X-Three')]
  expect(await fieldsOf(foreign(), one, two, three)).toEqual([
    'X-One: 1',
    'X-Two: 1',
    'X-Three: 1',
    'X-Foreign: 1',
  ])
  expect(await fieldsOf(one, two, foreign(), three)).toEqual([
    'X-Foreign: 1',
    'X-One: 1',
    'X-Two: 1',
    'X-Three: 1',
  ])
})
