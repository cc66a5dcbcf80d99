import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import aliases from 'mailwright/plugins/aliases'
import srs from 'mailwright/plugins/srs'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { ask, type RelaySystem, startRelaySystem, transact } from '../support/smtp/relay-system.ts'

// Local parts that other hosts might take for a path to a third one, and that are names of ours all the same.

let folder: string
let system: RelaySystem

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-names-'))
  const secretFile = join(folder, 'secret')
  await writeFile(secretFile, 'a secret of this test\n')
  system = await startRelaySystem({
    smtp: { maxErrors: 1000 },
    relay: { backupMxFor: ['backup.example'] },
    routers: [
      aliases({
        virtual: [
          {
            'odd%name@here.example': 'jo@here.example',
            'far!away@here.example': 'jo@away.example',
            'host%sue@backup.example': 'jo@here.example',
            '@moved.example': '@foreign.example',
          },
        ],
        patterns: [{ match: /^(.+)@listed\.example$/, to: '$1@foreign.example' }],
        domains: ['listed.example'],
      }),
      srs({ domain: 'srs.here.example', secretFile }),
    ],
  })
})

beforeEach(() => system.reset())

afterAll(async () => {
  await system[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

/** The answer to a stranger's RCPT. */
async function answer(to: string): Promise<string | undefined> {
  const wire = await system.client('transfer')
  await ask(wire, 'EHLO client.example')
  const [, recipient] = await transact(wire, '<>', [`<${to}>`])
  wire.socket.destroy()
  return recipient
}

async function srsAddress(sender: string): Promise<string> {
  const command = system.host.host.commands.find(({ name }) => name === 'srs forward')
  const said = await command?.run({ arguments: [sender], options: {} })
  return said?.text ?? ''
}

test.each(['user%x@else.example', 'a!b@else.example', '"a@b"@else.example', 'plain@else.example'])(
  'a bounce comes back to %s',
  async (sender) => {
    expect(await answer(await srsAddress(sender))).toBe('250 2.1.5')
    expect(system.sent).toMatchObject([{ to: sender }])
  },
)

test('a forwarding address that somebody has made up leads nowhere', async () => {
  const [, hash = ''] = (await srsAddress('a@else.example')).split('=')
  const forged = `SRS0=${hash}=JS=foreign.example=victim%foreign.example@srs.here.example`
  expect(await answer(forged)).toBe('550 5.7.1')
  expect(await answer('victim%foreign.example@srs.here.example')).toBe('550 5.7.1')
  expect(system.sent).toEqual([])
})

test.each([
  ['odd%name@here.example', '250 2.1.5'],
  ['far!away@here.example', '250 2.1.5'],
  ['host%sue@backup.example', '250 2.1.5'],
  ['other%name@here.example', '550 5.1.1'],
  ['victim%foreign.example@moved.example', '550 5.7.1'],
  ['"victim@foreign.example"@moved.example', '550 5.7.1'],
  ['victim%foreign.example@listed.example', '550 5.7.1'],
  ['foreign.example!victim@listed.example', '550 5.7.1'],
  ['victim%foreign.example@backup.example', '550 5.7.1'],
])('%s of a table: %s', async (to, expected) => {
  expect(await answer(to)).toBe(expected)
})
