import { join } from 'node:path'
import {
  certificates,
  definePlugin,
  issuedCertificates,
  type PluginContext,
  type PluginFactory,
} from 'mailwright'
import { listCommand } from './command.ts'
import { readKeyFiles } from './key-files.ts'
import { KeyStore } from './key-store.ts'
import { type CertificatesInput, type CertificatesOptions, parseOptions } from './options.ts'
import { SelfSigned } from './self-signed.ts'

export type { CertificatesInput, CertificatesOptions, KeyFiles } from './options.ts'

/** TLS keys from files and from whoever orders some, or a self-signed one for a first run; see README.md. */
const plugin: PluginFactory<CertificatesInput> = definePlugin<CertificatesOptions, CertificatesInput>({
  name: 'certificates',
  provides: [certificates],
  optional: [issuedCertificates],
  parseOptions,
  setup(context, options) {
    const keys = keysOf(context, options)
    context.provide(certificates, keys)
    return {
      start: () => keys.load(),
      check: async () => void (await readKeyFiles(options.files)),
      serve: async () => keys.watch(),
      stop: () => keys.stop(),
    }
  },
  commands: (context, options) => [listCommand(() => keysOf(context, options))],
})

export default plugin

function keysOf(context: PluginContext, { files }: CertificatesOptions): KeyStore {
  const { dataDir, hostname, log, clock } = context
  const selfSigned = new SelfSigned(join(dataDir, 'tls'), hostname, clock)
  return new KeyStore({ files, issued: context.useOptional(issuedCertificates), selfSigned, log, clock })
}
