import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bufferContent, type PluginContext, parseAddress, type Store, systemClock } from 'mailwright'
import { capturedLog, recordedRetrieval } from 'mailwright/testing'
import { expect, it } from 'vitest'
import mbox from './index.ts'

it('provides a store below the data directory', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'mailwright-mbox-'))
  try {
    let provided: Store | undefined
    const context = {
      provide: (_: unknown, service: Store) => {
        provided = service
      },
      flow: { retrieval: recordedRetrieval() },
      clock: systemClock,
      log: capturedLog(),
      dataDir,
    } as unknown as PluginContext
    const { definition, options } = mbox({ inbox: '{domain}/{user}/in' })
    expect(definition.setup(context, definition.parseOptions(options))).toBeUndefined()
    expect(await readdir(dataDir), 'nothing is made before it is used').toEqual([])
    const address = parseAddress('Ann@example.org')
    if (provided === undefined || address === undefined) throw new TypeError('not provided')
    const mailboxes = await provided.open({ id: '1', address })
    await (await mailboxes.stage('INBOX', bufferContent(Buffer.from('x\r\n')))).commit()
    expect(await readFile(join(dataDir, 'mail/example.org/ann/in'), 'latin1')).toMatch(/^From .*\nx\n\n$/s)
    expect(definition.provides?.map(({ name }) => name)).toEqual(['store'])
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
})
