import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createHost, type Host } from '../host.ts'
import type { RouteAnswer, RouteQuestion } from '../model/delivery.ts'
import { definePlugin, noOptions } from '../plugin.ts'
import { capturedLog } from '../testing/captured-log.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-postmaster-'))
})
afterEach(() => rm(folder, { recursive: true }))

type Answer = (question: RouteQuestion) => Promise<RouteAnswer | undefined>

/** A host that takes mail in a role, and says where the postmaster's goes. */
function hostOf(
  role: 'transfer' | 'submission',
  answer: Answer,
  kind: 'account' | 'remote' = 'account',
): Host {
  const plugin = definePlugin({
    name: 'p',
    parseOptions: noOptions,
    setup({ hooks, listen }) {
      listen({ role, host: '127.0.0.1', port: 0 }, () => undefined)
      hooks.delivery.route.tap('route', answer, { kinds: [kind] })
      hooks.delivery.deliver.tap('deliver', async () => undefined)
    },
  })
  return createHost(
    { hostname: 'mail.example.org', dataDir: folder, plugins: [plugin()] },
    { log: capturedLog() },
  )
}

const nobody = async () => undefined
const jo = { localPart: 'jo', domain: 'example.org' }
/** The postmaster is jo, who has what the answer says. */
const joWith =
  (answer: Answer): Answer =>
  async (question) =>
    question.address.domain === '' ? { kind: 'expansion', addresses: [jo], via: 'alias' } : answer(question)
const somebody = joWith(async () => ({ kind: 'account', account: { id: 'jo', address: jo }, address: jo }))

function outTo(domain: string, nextHop?: string): Answer {
  const hop = nextHop === undefined ? {} : { nextHop }
  return joWith(async () => ({ kind: 'remote', address: { localPart: 'root', domain }, ...hop }))
}

test.each<[string, Answer]>([
  ['nobody has it', nobody],
  ['nobody has what it leads to', joWith(nobody)],
  ['it goes out to our own name', outTo('mail.example.org')],
  ['it goes out to our own literal', outTo('[127.0.0.1]')],
  ['it leads to itself', joWith(async () => ({ kind: 'expansion', addresses: [jo], via: 'alias' }))],
])('a warning behind a start where %s', async (_, answer) => {
  const host = hostOf('transfer', answer)
  await host.start()
  await host.check()
  await host.stop()
  expect(host.warnings).toEqual([expect.stringContaining('nobody reads mail for <postmaster>')])
})

test.each<[string, Answer, number]>([
  ['nobody has it', nobody, 1],
  ['those who are not started know nobody', joWith(nobody), 0],
])('without a start where %s', async (_, answer, count) => {
  const host = hostOf('transfer', answer)
  await host.check()
  expect(host.warnings).toHaveLength(count)
})

test.each<[string, () => Host]>([
  ['somebody reads it', () => hostOf('transfer', somebody)],
  ['somebody elsewhere reads it', () => hostOf('transfer', outTo('far.example'))],
  [
    'another host is named for our own name',
    () => hostOf('transfer', outTo('mail.example.org', 'hub.example')),
  ],
  ['nobody brings mail from elsewhere', () => hostOf('submission', nobody)],
  ['there are no mailboxes', () => hostOf('transfer', nobody, 'remote')],
  [
    'nobody can tell',
    () =>
      hostOf('transfer', async () => {
        throw new Error('not started')
      }),
  ],
  [
    'nobody can tell who has it',
    () =>
      hostOf(
        'transfer',
        joWith(() => Promise.reject(new Error('away'))),
      ),
  ],
  [
    'a tap answers nonsense',
    () =>
      hostOf(
        'transfer',
        joWith(async () => ({ kind: 'x' }) as never),
      ),
  ],
])('no warning where %s', async (_, make) => {
  const host = make()
  await host.start()
  await host.check()
  await host.stop()
  expect(host.warnings).toEqual([])
})
