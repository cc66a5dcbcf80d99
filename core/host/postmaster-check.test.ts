import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createHost, type Host } from '../host.ts'
import type { RouteAnswer } from '../model/delivery.ts'
import { definePlugin, noOptions } from '../plugin.ts'
import { capturedLog } from '../testing/captured-log.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-postmaster-'))
})
afterEach(() => rm(folder, { recursive: true }))

type Answer = () => Promise<RouteAnswer | undefined>

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
  return createHost({ dataDir: folder, plugins: [plugin()] }, { log: capturedLog() })
}

const nobody = async () => undefined
const somebody: Answer = async () => ({
  kind: 'expansion',
  addresses: [{ localPart: 'jo', domain: 'example.org' }],
  via: 'alias',
})

test('whom nobody reads is a warning', async () => {
  const host = hostOf('transfer', nobody)
  await host.check()
  expect(host.warnings).toEqual([expect.stringContaining('nobody reads mail for <postmaster>')])
})

test.each<[string, () => Host]>([
  ['somebody reads it', () => hostOf('transfer', somebody)],
  ['nobody brings mail from elsewhere', () => hostOf('submission', nobody)],
  ['there are no mailboxes', () => hostOf('transfer', nobody, 'remote')],
  [
    'nobody can tell',
    () =>
      hostOf('transfer', async () => {
        throw new Error('not started')
      }),
  ],
])('no warning where %s', async (_, make) => {
  const host = make()
  await host.check()
  expect(host.warnings).toEqual([])
})
