import { existsSync, readdirSync } from 'node:fs'
import { builtinModules, createRequire } from 'node:module'
import { join, posix } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type PluginDefinition, serviceCatalogue } from 'mailwright'
import { describe, expect, test } from 'vitest'
import { importsOf, type ModuleImport, packageOf } from './support/imports.ts'
import { plain, section, tableRows } from './support/markdown.ts'
import { isTest, projectFiles, projectFolder, readText, sourceFiles } from './support/project-files.ts'

// The house rules of docs/architecture.md.

/** The folder that alone imports a package; where types are needed elsewhere, the files that may import only types. */
interface Owner {
  readonly folders: readonly string[]
  readonly typesIn?: readonly string[]
}

const owners: Readonly<Record<string, Owner>> = {
  '@node-rs/argon2': { folders: ['core/passwords'] },
  '@node-rs/bcrypt': { folders: ['core/passwords'] },
  'better-sqlite3': { folders: ['plugins/database'] },
  commander: { folders: ['core/cli'] },
  cosmiconfig: { folders: ['core'] },
  'dns-packet': { folders: ['core/dns'], typesIn: ['core/resolver.ts'] },
  'fs-native-extensions': { folders: ['plugins/mbox'] },
  imapflow: { folders: ['plugins/migration'] },
  knex: {
    folders: ['plugins/database'],
    // The service is a knex instance: its users name the types, and never make one of their own.
    typesIn: ['core/services/database.ts', 'core/testing', 'plugins'],
  },
  mailparser: { folders: ['core/message'], typesIn: ['core/model/message.ts'] },
  mysql2: { folders: ['plugins/database'] },
  pino: { folders: ['core'] },
  selfsigned: { folders: ['plugins/certificates'] },
  'smtp-server': { folders: ['plugins/smtp'] },
  tapable: { folders: ['core/host'] },
  // Contract suites and the test kit run in the user's own vitest.
  vitest: { folders: ['core/testing'] },
  yaml: { folders: ['plugins/accounts-file'] },
}

// knex loads the driver of a database by itself; nothing of ours names it.
const loadedByOthers: readonly string[] = ['mysql2']

// Modules of the plugin imap that others may build on: the commands of RFC 9051.
const imapCommands: readonly string[] = [
  'append',
  'copy',
  'expunge',
  'fetch',
  'list',
  'mailboxes',
  'search',
  'select',
  'status',
  'store',
]

// Extensions of extensions.
const imapPairs: readonly string[] = [
  'list-metadata on metadata',
  'list-myrights on acl',
  'notify on context',
  'notify on metadata',
  'uidonly on context',
]

const longestFile = 500
const longFile = 300
const longestFunction = 80

const manifest = JSON.parse(readText('package.json')) as {
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
  readonly exports: Readonly<Record<string, unknown>>
}
const pluginNames = readdirSync(join(projectFolder, 'plugins'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)
const sources = sourceFiles(['core', 'plugins'])
/** What plugins import of the framework: `mailwright`, and its parts. */
const frameworkParts = Object.keys(manifest.exports)
  .filter((path) => !/testing|plugins|package\.json/.test(path))
  .map((path) => `mailwright${path.slice(1)}`)

/** Every import of some files that a rule forbids, as `file imports x`. */
function offences(
  files: readonly string[],
  isForbidden: (imported: ModuleImport, file: string) => boolean,
): readonly string[] {
  return files.flatMap((file) =>
    importsOf(readText(file))
      .filter((imported) => isForbidden(imported, file))
      .map(({ from }) => `${file} imports ${from}`),
  )
}

/** Where a relative import leads, as a path of the project; undefined for packages. */
function target({ from }: ModuleImport, file: string): string | undefined {
  return from.startsWith('.') ? posix.join(posix.dirname(file), from) : undefined
}

/** Whether an import leaves some folders or files of the project. Packages do not count. */
function leaves(imported: ModuleImport, file: string, allowed: readonly string[]): boolean {
  const path = target(imported, file)
  return path !== undefined && !allowed.some((place) => path === place || path.startsWith(`${place}/`))
}

function isFramework({ from }: ModuleImport): boolean {
  return packageOf(from) === 'mailwright'
}

describe('who may import whom', () => {
  test('core imports core and packages, never a plugin', () => {
    const core = sourceFiles(['core'])
    expect(
      offences(core, (imported, file) => leaves(imported, file, ['core']) || isFramework(imported)),
    ).toEqual([])
  })

  test('the tests of core stay in core too, and may use plugins by package name', () => {
    const tests = sourceFiles(['core'], { tests: true }).filter(isTest)
    expect(offences(tests, (imported, file) => leaves(imported, file, ['core']))).toEqual([])
  })

  test('the model imports only the model', () => {
    const model = sourceFiles(['core/model'])
    expect(offences(model, (imported, file) => leaves(imported, file, ['core/model']))).toEqual([])
  })

  test('services and hooks import only types, of the model and of each other', () => {
    const contracts = sourceFiles(['core/services', 'core/hooks'])
    // What IMAP's extensions are like is the contract of a protocol and not of a service.
    const allowed = ['core/model', 'core/services', 'core/hooks', 'core/imap']
    expect(offences(contracts, (imported, file) => leaves(imported, file, allowed))).toEqual([])
    const values = (imported: ModuleImport, file: string) =>
      !imported.typeOnly && leaves(imported, file, ['core/services', 'core/hooks'])
    expect(offences(contracts, values)).toEqual([])
    expect(offences(contracts, ({ from, typeOnly }) => packageOf(from) !== undefined && !typeOnly)).toEqual(
      [],
    )
  })

  test.each(pluginNames)('%s imports its own folder, packages, and the framework by name', (name) => {
    const own = sourceFiles([`plugins/${name}`])
    const forbidden = (imported: ModuleImport, file: string) =>
      leaves(imported, file, [`plugins/${name}`]) ||
      (isFramework(imported) && !frameworkParts.includes(imported.from))
    expect(offences(own, forbidden)).toEqual([])
  })

  test.each(pluginNames)(
    'the tests of %s may use the test kit, test servers and inputs and, by name, other plugins',
    (name) => {
      const own = sourceFiles([`plugins/${name}`], { tests: true }).filter(isTest)
      const forbidden = (imported: ModuleImport, file: string) =>
        leaves(imported, file, [`plugins/${name}`, 'test/support', 'test/generator'])
      expect(offences(own, forbidden)).toEqual([])
    },
  )

  test('modules of IMAP build on those that carry the commands of the protocol, and those on no extension', () => {
    const folder = 'plugins/imap/extensions'
    const moduleOf = (path: string) => (path.startsWith(`${folder}/`) ? path.split('/')[3] : undefined)
    const pairs = sourceFiles([folder]).flatMap((file) =>
      importsOf(readText(file)).map(({ from }) => [
        moduleOf(file) ?? '',
        moduleOf(posix.join(posix.dirname(file), from)) ?? '',
      ]),
    )
    const foreign = pairs.filter(
      ([one = '', other = '']) =>
        !one.endsWith('.ts') && other !== '' && one !== other && !imapCommands.includes(other),
    )
    expect(new Set(foreign.map(([one, other]) => `${one} on ${other}`))).toEqual(new Set(imapPairs))
  })

  test('the test kit is imported by tests only', () => {
    expect(offences(sources, ({ from }) => from === 'mailwright/testing')).toEqual([])
  })
})

test('a name is in one part of the framework only', async () => {
  // What threads need is a view of other parts.
  const parts = frameworkParts.filter((part) => part !== 'mailwright/summaries')
  const names = await Promise.all(parts.map(async (part) => Object.keys(await import(part))))
  const all = names.flat()
  expect(all.filter((name, at) => all.indexOf(name) !== at)).toEqual([])
})

test('what a source exports somebody imports', () => {
  const everywhere = sourceFiles(['core', 'plugins', 'test'], { tests: true })
  const taken = new Set(
    everywhere.flatMap((file) =>
      importsOf(readText(file)).flatMap((imported) => {
        const from = target(imported, file)
        return from === undefined ? [] : imported.names.map((name) => `${from} ${name}`)
      }),
    ),
  )
  // Types are exported with what speaks of them, and a plugin's index is for its users.
  const value = /^export (?:abstract |async )*(?:const|function\*?|class) (\w+)/gm
  const exported = sources
    .filter((path) => !/^plugins\/[^/]+\/index\.ts$/.test(path) && !taken.has(`${path} *`))
    .flatMap((path) => [...readText(path).matchAll(value)].map(([, name]) => `${path} ${name}`))
  expect(exported.filter((one) => !taken.has(one))).toEqual([])
})

describe('packages', () => {
  const outsideTests = sources.flatMap((file) =>
    importsOf(readText(file)).map((imported) => ({ file, imported, name: packageOf(imported.from) })),
  )
  const used = outsideTests.filter(({ name }) => name !== undefined && name !== 'mailwright')

  test('each has an owner, and nobody else imports it', () => {
    const wrong = used.filter(({ file, imported, name = '' }) => {
      const { folders = [], typesIn = [] } = owners[name] ?? {}
      const within = (place: string) => file === place || file.startsWith(`${place}/`)
      return !folders.some(within) && !(imported.typeOnly && typesIn.some(within))
    })
    expect(wrong.map(({ file, name }) => `${file} imports ${name}`)).toEqual([])
  })

  test('every import is a dependency', () => {
    // `mailwright/testing` runs in the vitest of whoever uses it.
    const declared = [...Object.keys(manifest.dependencies), 'vitest']
    const undeclared = used.filter(({ name = '' }) => !declared.includes(name))
    expect(undeclared.map(({ file, name }) => `${file} imports ${name}`)).toEqual([])
  })

  test('every dependency is imported', () => {
    const imported = new Set([...used.map(({ name }) => name), ...loadedByOthers])
    expect(Object.keys(manifest.dependencies).filter((name) => !imported.has(name))).toEqual([])
  })

  test('every owner is one of a dependency', () => {
    const declared = [...Object.keys(manifest.dependencies), 'vitest']
    expect(Object.keys(owners).filter((name) => !declared.includes(name))).toEqual([])
  })

  test('docs/architecture.md names the same owners', () => {
    const rows = tableRows(section(readText('docs/architecture.md'), '##', 'Who may import whom'))
    const written = rows.flatMap(([names = '', folder = '']) =>
      names.split(', ').map((name) => [plain(name), plain(folder)]),
    )
    const known = Object.entries(owners).filter(([name]) => name !== 'vitest')
    expect(Object.fromEntries(written)).toEqual(
      Object.fromEntries(known.map(([name, { folders }]) => [name, folders.join(', ')])),
    )
  })

  test('this one exports plugins, and no folder within one', () => {
    const { resolve } = createRequire(join(projectFolder, 'package.json'))
    const inner = sources.filter((path) => /^plugins\/[^/]+\/.+\/index\.ts$/.test(path))
    expect(inner.length).toBeGreaterThan(0)
    const exported = inner.filter((path) => {
      try {
        resolve(`mailwright/${posix.dirname(path)}`)
        return true
      } catch (error) {
        return (error as NodeJS.ErrnoException).code !== 'ERR_PACKAGE_PATH_NOT_EXPORTED'
      }
    })
    expect(exported).toEqual([])
  })

  test('versions are exact', () => {
    const versions = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })
    expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([])
  })

  test('Node.js modules are imported as node:', () => {
    const bare = new Set(builtinModules)
    expect(offences(sources, ({ from }) => bare.has(from))).toEqual([])
  })
})

describe('plugins', () => {
  test.each(pluginNames)('%s has an index, a README, and options where it has any', (name) => {
    const folder = `plugins/${name}`
    expect(existsSync(join(projectFolder, folder, 'index.ts'))).toBe(true)
    expect(existsSync(join(projectFolder, folder, 'README.md'))).toBe(true)
    const withoutOptions = /parseOptions: noOptions\b/.test(readText(`${folder}/index.ts`))
    expect(existsSync(join(projectFolder, folder, 'options.ts'))).toBe(!withoutOptions)
  })

  test.each(serviceCatalogue.map((key) => [key.name, key] as const))(
    'the providers of %s are the plugins that provide it',
    async (_name, key) => {
      const providers = await Promise.all(
        pluginNames.map(async (name) => ((await provides(name)).includes(key.name) ? [name] : [])),
      )
      const named = key.providers.filter((name) => name !== 'core')
      expect(named.toSorted()).toEqual(providers.flat().toSorted())
    },
  )

  test('a plugin is named as its folder', async () => {
    for (const name of pluginNames) {
      const definitions = await definitionsOf(name)
      expect(definitions.map((definition) => definition.name)).toContain(name)
    }
  })
})

/** What the module of a plugin exports that `definePlugin` made. */
async function definitionsOf(plugin: string): Promise<readonly PluginDefinition<unknown>[]> {
  const { href } = pathToFileURL(join(projectFolder, 'plugins', plugin, 'index.ts'))
  const exported = (await import(href)) as Record<string, { definition?: PluginDefinition<unknown> }>
  return Object.values(exported)
    .map((value) => value.definition)
    .filter((definition) => definition !== undefined)
}

async function provides(plugin: string): Promise<readonly string[]> {
  const definitions = await definitionsOf(plugin)
  return definitions.flatMap((definition) => definition.provides ?? []).map((key) => key.name)
}

describe('docs/architecture.md', () => {
  test('has a row for every folder of core', () => {
    const rows = tableRows(section(readText('docs/architecture.md'), '##', 'The house'))
    const named = rows.flatMap(([places = '']) => plain(places).split(', '))
    const folders = readdirSync(join(projectFolder, 'core'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => `core/${entry.name}/`)
    expect(folders.filter((folder) => !named.includes(folder))).toEqual([])
  })

  test('names every folder of the plugins that are cut into some', () => {
    const text = section(readText('docs/architecture.md'), '##', 'The house')
    const cut = sources.flatMap((path) => {
      const [, plugin = '', folder] = /^plugins\/([^/]+)\/([^/]+)\//.exec(path) ?? []
      return folder === undefined ? [] : [[plugin, folder] as const]
    })
    const missing = cut.filter(([plugin, folder]) => {
      const said = text.split('\n- ').find((item) => item.startsWith(`\`plugins/${plugin}/\``))
      return said?.includes(`\`${folder}\``) !== true
    })
    expect(new Set(missing.map(([plugin, folder]) => `${plugin}/${folder}`))).toEqual(new Set())
  })
})

describe('files', () => {
  const code = projectFiles().filter((path) => /\.(ts|mjs|py)$/.test(path))

  test('nothing is named after being useful', () => {
    const vague = /(^|\/)(utils?|helpers?|misc|common|shared-code|lib)(\/|\.|$)/i
    expect(projectFiles().filter((path) => vague.test(path))).toEqual([])
  })

  test(`none is longer than ${longestFile} lines`, () => {
    const long = code.filter((path) => lines(path).length > longestFile)
    expect(long).toEqual([])
  })

  test(`sources above ${longFile} lines have a reason`, () => {
    // A contract suite is a list of tests, which may be as long as any test file.
    const counted = sources.filter((path) => !path.startsWith('core/testing/contracts/'))
    const long = counted.filter((path) => lines(path).length > longFile)
    expect(long).toEqual([])
  })

  test(`no function is longer than ${longestFunction} lines`, () => {
    const files = [...sources, ...code.filter((path) => path.startsWith('test/') && !isTest(path))]
    expect(files.flatMap((path) => longFunctions(path))).toEqual([])
  })

  test('no test is left out, and no work is left over', () => {
    const open = /\b(test|it|describe)\.(only|skip|todo)\(|\b(TODO|FIXME|XXX)\b/
    const own = 'test/architecture.test.ts'
    expect(code.filter((path) => path !== own && open.test(readText(path)))).toEqual([])
  })

  test('nothing tells where it was made', () => {
    const machine = /(?<![\w.])\/(work|root|home\/[a-z]+)\/|\bregistry\.[a-z0-9-]+\.[a-z]{2,}\b/i
    const text = projectFiles().filter((path) => /\.(ts|mjs|py|md|json|txt|npmrc)$|(^|\/)run$/.test(path))
    expect(text.filter((path) => machine.test(readText(path)))).toEqual([])
  })

  test('the lock file names no server', () => {
    expect(readText('package-lock.json')).not.toMatch(/"resolved":\s*"https?:/)
  })
})

function lines(path: string): readonly string[] {
  return readText(path).replace(/\n$/, '').split('\n')
}

// A function's head ends its line with `{`, behind its parameters and its type; control flow does too, but says so.
const functionHead = /\)(:\s[^=;]*)?\s(=>\s)?\{$|=>\s\{$/
const controlFlow = /^\s*(\}\s)?(if|else|for|while|switch|catch|do|try)\b/

/** Functions above the limit. The sources are formatted, so a function ends at the first `}` as far in as its head. */
function longFunctions(path: string): readonly string[] {
  const all = lines(path)
  return all.flatMap((line, index) => {
    if (!functionHead.test(line) || controlFlow.test(line)) return []
    const indent = /^ */.exec(line)?.[0] ?? ''
    const end = all.findIndex((other, at) => at > index && other.startsWith(`${indent}}`))
    const length = end - index + 1
    return length > longestFunction ? [`${path}:${index + 1} has ${length} lines`] : []
  })
}

test('the measure of functions finds them', () => {
  const found = sources.flatMap((path) => lines(path).filter((line) => functionHead.test(line)))
  expect(found.length).toBeGreaterThan(sources.length)
})
