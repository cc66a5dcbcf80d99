import { join } from 'node:path'
import { certificates, definePlugin, type PluginFactory } from 'mailwright'
import { KeyStore } from './key-store.ts'
import { type CertificatesInput, type CertificatesOptions, parseOptions } from './options.ts'
import { SelfSigned } from './self-signed.ts'

export type { CertificatesInput, CertificatesOptions, KeyFiles } from './options.ts'

/** TLS keys from files, or a self-signed one for a first run; see README.md. */
const plugin: PluginFactory<CertificatesInput> = definePlugin<CertificatesOptions, CertificatesInput>({
  name: 'certificates',
  provides: [certificates],
  parseOptions,
  setup({ provide, hostname, dataDir, log, clock }, { files }) {
    const keys = new KeyStore(files, new SelfSigned(join(dataDir, 'tls'), hostname, clock), log, clock)
    provide(certificates, keys)
    return { start: () => keys.load(), serve: async () => keys.watch(), stop: () => keys.stop() }
  },
})

export default plugin
