import { posix } from 'node:path'
import { expect, test } from 'vitest'
import { importsOf } from './support/imports.ts'
import { readText } from './support/project-files.ts'

// Cron and web servers run `sendmail` all the time: what it loads is what it needs.

/** All modules that some module loads, and the packages. */
function loadedBy(start: string): {
  readonly files: readonly string[]
  readonly packages: readonly string[]
} {
  const files = new Set([start])
  const packages = new Set<string>()
  for (const file of files)
    for (const { from, typeOnly } of importsOf(readText(file))) {
      if (typeOnly) continue
      if (from.startsWith('.')) files.add(posix.join(posix.dirname(file), from))
      else if (!from.startsWith('node:')) packages.add(from)
    }
  return { files: [...files], packages: [...packages] }
}

test('sendmail loads no package, no plugin, no host and no config', () => {
  const { files, packages } = loadedBy('core/cli/sendmail/main.ts')
  expect(packages).toEqual([])
  const allowed =
    /^core\/(cli\/sendmail\/|formats\/drop-file\.ts|errors\.ts|message\/header-section\.ts|model\/(address\/|header\/|mime\/(charset|encoded-word|mime-line)))/
  expect(files.filter((file) => !allowed.test(file))).toEqual([])
  expect(files).toContain('core/model/address/address-list.ts')
})
