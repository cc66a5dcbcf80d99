import { ConfigError, type PluginContext } from 'mailwright'
import { expect, test } from 'vitest'
import pop3 from './index.ts'
import { type Pop3Input, parseOptions } from './options.ts'

/** Sets the plugin up in a system without certificates. */
function withoutCertificates(input: Pop3Input): unknown {
  const context = {
    useOptional: () => undefined,
    use: () => ({}),
    listen: () => undefined,
  } as unknown as PluginContext
  return pop3(input).definition.setup(context, parseOptions(input))
}

test('without certificates it says that nobody could log in', () => {
  expect(() => withoutCertificates({})).toThrow(ConfigError)
  expect(() => withoutCertificates({})).toThrow(
    /^allowPlaintextLogin: must be true where no plugin provides "certificates"/,
  )
  expect(() => withoutCertificates({ allowPlaintextLogin: true })).not.toThrow()
})

test('implicit TLS needs certificates', () => {
  expect(() => withoutCertificates({ implicitTls: true, allowPlaintextLogin: true })).toThrow(
    'implicitTls: needs a plugin that provides "certificates"',
  )
})
