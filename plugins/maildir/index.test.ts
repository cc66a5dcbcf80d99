import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bufferContent, type PluginContext, parseAddress, type Store } from 'mailwright'
import { fakeClock, recordedRetrieval } from 'mailwright/testing'
import { expect, it } from 'vitest'
import maildir from './index.ts'

it('provides a store below the data directory', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'mailwright-maildir-'))
  try {
    let provided: Store | undefined
    const context = {
      provide: (_: unknown, service: Store) => {
        provided = service
      },
      flow: { retrieval: recordedRetrieval() },
      clock: fakeClock(),
      hostname: 'mail.example.org',
      dataDir,
    } as unknown as PluginContext
    const { definition, options } = maildir({ root: 'mail', path: '{domain}/{user}' })
    await definition.setup(context, definition.parseOptions(options))?.stop?.()
    expect(await readdir(dataDir)).toEqual([])
    const address = parseAddress('Ann@example.org')
    if (provided === undefined || address === undefined) throw new TypeError('not provided')
    const mailboxes = await provided.open({ id: '1', address })
    await (await mailboxes.stage('INBOX', bufferContent(Buffer.from('x\r\n')))).commit()
    expect(await readdir(join(dataDir, 'mail/example.org/ann/new'))).toHaveLength(1)
    expect(definition.provides?.map(({ name }) => name)).toEqual(['store'])
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
})
