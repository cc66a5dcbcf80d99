import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bufferContent, type PluginContext, parseAddress, type Store, systemClock } from 'mailwright'
import { capturedLog, createTestHost, recordedRetrieval } from 'mailwright/testing'
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
    definition.setup(context, definition.parseOptions(options))
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

it('does not start where its root can never be made, unless no mailboxes are below it', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'mailwright-mbox-'))
  const root = join(dataDir, 'file')
  await writeFile(root, '')
  try {
    await expect(createTestHost({ plugins: [mbox({ root })], dataDir })).rejects.toMatchObject({
      code: 'MAIL_E_START',
      cause: { message: `root: ${root} leads to no folder` },
    })
    const elsewhere = { inbox: join(dataDir, 'mail/{user}'), mailboxes: join(dataDir, '{user}') }
    await using host = await createTestHost({ plugins: [mbox({ root, ...elsewhere })], dataDir })
    expect(host.host.plugins).toEqual(['mbox'])
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
})
