import { existsSync, readdirSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join, posix } from 'node:path'
import { errorCodes, historyVerbs, hookCatalogue, logEvents, serviceCatalogue } from 'mailwright'
import { passwordSchemes } from 'mailwright/accounts'
import { describe, expect, test } from 'vitest'
import { coreCommands } from '../core/cli/program.ts'
import { matrixDocument, withMatrix } from './crash/matrix/report.ts'
import { exportedInterfaces, interfaceMembers, memberComment } from './support/declarations.ts'
import { logLines } from './support/log-lines.ts'
import { codeBlocks, plain, relativeLinks, section, sections, tableRows } from './support/markdown.ts'
import { temporaryProject } from './support/project.ts'
import { projectFiles, projectFolder, readText, sourceFiles } from './support/project-files.ts'
import { runProcess } from './support/run-process.ts'

// What the documents say of the code is what the code says.

const documents = projectFiles().filter((path) => path.endsWith('.md'))
const plugins = readdirSync(join(projectFolder, 'plugins'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)

describe('docs/hooks.md', () => {
  const text = readText('docs/hooks.md')
  const hooks = Object.entries(hookCatalogue).flatMap(([group, names]) =>
    Object.entries<string>(names).map(([name, kind]) => ({ group, name, kind })),
  )

  test('has the hooks of the catalogue in their order', () => {
    const titles = sections(text, '###').map(({ title }) => plain(title))
    expect(titles).toEqual(hooks.map(({ group, name }) => `${group}.${name}`))
  })

  test.each(hooks)('$group.$name says what its doc comment says', ({ group, name, kind }) => {
    const source = readText(`core/hooks/${group}.ts`)
    const written = section(text, '###', `\`${group}.${name}\``)
    expect(words(written.replaceAll(/^- Type: .*$/gm, ''))).toBe(
      words(memberComment(source, name).join('\n')),
    )
    expect(written).toContain(`- Kind: ${kind}.`)
    expect(words(/^- Type: `(.*)`$/m.exec(written)?.[1] ?? '')).toBe(typeOf(source, name))
  })

  test('has the kinds in one table', () => {
    const kinds = new Set(hooks.map(({ kind }) => kind))
    expect(tableRows(section(text, '##', 'Kinds')).map(([kind]) => kind)).toEqual([...kinds].sort(byKind))
  })
})

const kindOrder = ['check', 'claim', 'inspect', 'rewrite', 'notify']
function byKind(one: string, other: string): number {
  return kindOrder.indexOf(one) - kindOrder.indexOf(other)
}

/** Words without the marks of lists, so that a list and a paragraph can be compared. */
function words(text: string): string {
  return text
    .replaceAll(/^\s*- /gm, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
}

/** The type of a member of an interface, in one line. */
function typeOf(source: string, member: string): string {
  const found = new RegExp(`readonly ${member}: ([\\s\\S]*?>)\\n(?= {2}/\\*\\*|\\})`).exec(source)?.[1] ?? ''
  return words(found)
    .replaceAll(/([<[]) /g, '$1')
    .replaceAll(/,? ([>\]])/g, '$1')
}

describe('docs/services.md', () => {
  const text = readText('docs/services.md')

  test('has the services of the catalogue in their order', () => {
    const titles = sections(text, '##').map(({ title }) => plain(title))
    expect(titles).toEqual(serviceCatalogue.map((key) => key.name))
  })

  test.each(serviceCatalogue.map((key) => [key.name, key] as const))(
    '%s: summary, providers, abilities, contract suite',
    (name, key) => {
      const written = section(text, '##', `\`${name}\``)
      const [summary = ''] = written.split('\n')
      expect(summary.toLowerCase()).toBe(`${key.summary.toLowerCase()}.`)
      expect(namesIn(line(written, 'Providers'))).toEqual(key.providers)
      const source = readText(
        `core/services/${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}.ts`,
      )
      const abilities = exportedInterfaces(source).find((one) => one.endsWith('Abilities'))
      const named = abilities === undefined ? [] : interfaceMembers(source, abilities)
      const stated = line(written, 'Abilities')
      expect(stated.startsWith('none') ? [] : namesIn(stated)).toEqual(named)
      const suite = `${name}Contract`
      const hasSuite = new RegExp(`\\b${suite}\\b`).test(readText('core/testing/index.ts'))
      expect(line(written, 'Contract suite')).toBe(hasSuite ? `\`${suite}\`` : 'none')
    },
  )
})

/** What follows `- <label>: ` in a section. */
function line(text: string, label: string): string {
  return new RegExp(`^- ${label}: (.*)$`, 'm').exec(text)?.[1] ?? ''
}

function namesIn(text: string): readonly string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '')
}

/** Lines of the log of which only a variable has the event or the level. */
const computedLines = ['delivered info', 'deferred info', 'bounced info', 'stuck debug', 'stuck warn']

describe('fixed words', () => {
  test('docs/errors.md has every code with its meaning', () => {
    const rows = tableRows(readText('docs/errors.md')).map(([code, meaning]) => [plain(code), meaning])
    expect(rows).toEqual(Object.entries(errorCodes))
  })

  test('docs/operations.md has every event of the log', () => {
    const rows = tableRows(section(readText('docs/operations.md'), '##', 'Log'))
    expect(rows.map(([event]) => plain(event))).toEqual(logEvents)
  })

  test('docs/operations.md has the levels of every event of the log', () => {
    const rows = tableRows(section(readText('docs/operations.md'), '##', 'Log'))
    const written = rows.flatMap(([event, levels = '']) =>
      levels.split(', ').map((level) => `${plain(event)} ${level}`),
    )
    const lines = sourceFiles(['core', 'plugins']).flatMap((path) => logLines(readText(path)))
    expect(written.toSorted()).toEqual([...new Set([...lines, ...computedLines])].toSorted())
  })

  test('docs/operations.md has every verb of the history', () => {
    const rows = tableRows(section(readText('docs/operations.md'), '##', 'History'))
    expect(rows.map(([verb]) => plain(verb))).toEqual(historyVerbs)
  })

  test('docs/operations.md has everything that is kept in the data folder', () => {
    const rows = tableRows(section(readText('docs/operations.md'), '##', 'The data folder'))
    const named = rows.map(([path = '']) => plain(path)).join(' ')
    const kept = sourceFiles(['core', 'plugins'])
      .filter((path) => !path.endsWith('.test.ts'))
      .flatMap((path) => [...readText(path).matchAll(/join\((?:\w+\.)*dataDir, '([^']+)'/g)])
      .map(([, name = '']) => name)
    expect(kept).toContain('spool')
    expect([...kept, 'queue', 'mail'].filter((name) => !named.includes(name))).toEqual([])
  })

  test('docs/config.md has every setting', () => {
    const rows = tableRows(section(readText('docs/config.md'), '##', 'Settings'))
    expect(rows.map(([name]) => plain(name))).toEqual(interfaceMembers(readText('core/config.ts'), 'Config'))
  })
})

describe('docs/passwords.md', () => {
  test('has every scheme that can be verified', () => {
    const rows = tableRows(section(readText('docs/passwords.md'), '##', 'What can be verified'))
    const named = new Set(rows.flatMap(([names = '']) => namesIn(names)))
    expect([...named].sort()).toEqual(passwordSchemes)
  })
})

describe('docs/cli.md', () => {
  const text = readText('docs/cli.md')

  const [queueIntroduction = ''] = section(text, '##', 'The queue').split('\n### ')
  const conditions = tableRows(queueIntroduction).map(([flags, meaning]) => ({
    flags: plain(flags),
    summary: meaning,
  }))

  test('has every command in its order', () => {
    const titles = sections(text, '###').map(({ title }) => plain(title))
    expect(titles).toEqual(coreCommands.map(({ usage }) => `mailwright ${usage}`))
  })

  test('names every command at the top, with its summary and a link', () => {
    const rows = tableRows(section(text, '##', 'Commands')).map(([command, summary]) => [command, summary])
    expect(rows).toEqual(
      coreCommands.map(({ usage, summary }) => [
        `[\`${usage}\`](#${anchorsOf(`### mailwright ${usage}`)[0]})`,
        summary,
      ]),
    )
  })

  test.each(coreCommands)('$usage: summary, options, examples', ({ usage, summary, options, examples }) => {
    const written = section(text, '###', `\`mailwright ${usage}\``)
    expect(written.split('\n')[0]?.toLowerCase()).toBe(`${summary.toLowerCase()}.`)
    const rows = tableRows(written).flatMap(([flags, meaning]) =>
      flags === '[conditions](#the-queue)' ? conditions : [{ flags: plain(flags), summary: meaning }],
    )
    expect(rows).toEqual(options ?? [])
    const shown = codeBlocks(written).flatMap(({ code }) => code.trim().split('\n'))
    expect(shown).toEqual(examples ?? [])
  })
})

test('docs/security.md: a threat has its defence in one sentence, and a test', () => {
  const rows = tableRows(readText('docs/security.md'))
  expect(rows.length).toBeGreaterThan(30)
  const wrong = rows.filter(
    ([, defence = '', named = '']) => defence.length > 150 || !/^`[\w./-]+\.test\.ts`/.test(named),
  )
  expect(wrong).toEqual([])
})

test('docs/reliability.md: the command that makes the table of the crash matrix finds its place', () => {
  const rowsIn = (text: string) => tableRows(section(text, '##', 'The crash matrix'))
  const text = readText(matrixDocument)
  expect(rowsIn(text).length).toBeGreaterThan(0)
  expect(rowsIn(withMatrix(text, 'none'))).toEqual([])
})

describe('docs/decisions', () => {
  const records = documents.filter((path) => /^docs\/decisions\/\d/.test(path))

  test('the index has every record with its number and title', () => {
    const listed = [...readText('docs/decisions/README.md').matchAll(/^- \[(\d+)\]\((\S+)\): (.+)$/gm)]
    expect(
      listed.map(([, number, file, title]) => [`docs/decisions/${file}`, `# ${number}: ${title}`]),
    ).toEqual(records.map((path) => [path, readText(path).split('\n')[0]]))
  })

  test.each(documents)('%s: a decision has the number that it links to', (path) => {
    const links = [...readText(path).matchAll(/\[(?:decision )?0*(\d+)\]\([^)]*\bdecisions\/0*(\d+)-/g)]
    expect(links.filter(([, said, meant]) => said !== meant).map(([link]) => link)).toEqual([])
  })
})

describe('docs/standards.md', () => {
  const rows = tableRows(readText('docs/standards.md'))
  const listed = rows.map(([number]) => number)
  const sources = sourceFiles(['core', 'plugins']).map(readText)
  const cited = new Set(
    sources.flatMap((source) => [...source.matchAll(/\bRFC (\d+)\b/g)].map((match) => `RFC ${match[1]}`)),
  )

  test('lists every RFC once', () => {
    expect(listed).toEqual([...new Set(listed)])
  })

  test('lists every RFC that the code cites', () => {
    expect([...cited].filter((number) => !listed.includes(number))).toEqual([])
  })

  test('says yes, partial or no', () => {
    expect(rows.filter(([, , support = '']) => !['yes', 'partial', 'no'].includes(support))).toEqual([])
  })

  test('every "yes" and "partial" is cited in the code', () => {
    const claimed = rows.filter(([, , support]) => support !== 'no').map(([number = '']) => number)
    expect(claimed.filter((number) => !cited.has(number))).toEqual([])
  })

  test('citations have one form', () => {
    const otherForms = /\bRFC-?\d|\bRfc ?\d|\bRFC \d+,? (section|sec\.)/
    const wrong = sourceFiles(['core', 'plugins']).filter((path) =>
      comments(readText(path)).some((comment) => otherForms.test(comment)),
    )
    expect(wrong).toEqual([])
  })
})

function comments(source: string): readonly string[] {
  return source.split('\n').filter((each) => /^\s*(\/\/|\/?\*)/.test(each))
}

describe('READMEs of plugins', () => {
  const loginListenerOptions = interfaceMembers(
    readText('core/network/login-listener-options.ts'),
    'LoginListenerOptions',
  )

  test.each(plugins)('%s names every option', (name) => {
    const path = `plugins/${name}/options.ts`
    if (!existsSync(join(projectFolder, path))) return
    const source = readText(path)
    const own = exportedInterfaces(source).flatMap((one) => interfaceMembers(source, one))
    const members = [...own, ...(source.includes('LoginListenerOptions') ? loginListenerOptions : [])]
    const readme = readText(`plugins/${name}/README.md`)
    const missing = new Set(
      members.filter((member) => !new RegExp(`\`(\\w+\\.)*${member}(\\.\\w+)*\`|\\b${member}:`).test(readme)),
    )
    expect([...missing]).toEqual([])
  })

  test.each(plugins)('%s has an example', (name) => {
    const blocks = codeBlocks(readText(`plugins/${name}/README.md`))
    expect(
      blocks.some(({ language, code }) => language === 'ts' && code.includes(`mailwright/plugins/${name}`)),
    ).toBe(true)
  })

  test('the README of the project installs this version', () => {
    const { name, version } = JSON.parse(readText('package.json')) as { name: string; version: string }
    expect(readText('README.md')).toContain(`npm install /tmp/${name}-${version}.tgz`)
  })

  test('the README of the project has a server that is not root, with certificates, at boot', () => {
    const readme = readText('README.md')
    const [{ code = '' } = {}] = codeBlocks(readme).filter(({ language }) => language === 'ts')
    expect(code).toMatch(/^ {2}user: '/m)
    expect(code).toMatch(/^ {4}acme\(/m)
    expect(readme).toContain('systemctl enable')
  })

  test('the README of the project lists every plugin', () => {
    const links = relativeLinks(readText('README.md'))
    expect(plugins.filter((name) => !links.includes(`plugins/${name}/README.md`))).toEqual([])
  })
})

test.each(documents)('%s: links lead somewhere', (path) => {
  const broken = relativeLinks(readText(path)).filter(
    (link) => !existsSync(join(projectFolder, posix.join(posix.dirname(path), link))),
  )
  expect(broken).toEqual([])
})

test.each(documents)('%s: the sources and tests that it names are there', (path) => {
  const named = [...readText(path).matchAll(/`((?:core|plugins|test)\/[\w./-]+\.\w+)`/g)].map(
    ([, file = '']) => file,
  )
  expect(named.filter((file) => !existsSync(join(projectFolder, file)))).toEqual([])
})

test('links of the packed documents lead to what is packed', async () => {
  const words = ['pack', '--dry-run', '--json', '--ignore-scripts']
  const { stdout } = await runProcess('npm', words, { folder: projectFolder, limit: 60_000 })
  const [pack] = JSON.parse(stdout) as [{ files: readonly { path: string }[] }]
  const files = pack.files.map(({ path }) => path)
  const broken = files
    .filter((path) => path.endsWith('.md'))
    .flatMap((path) =>
      relativeLinks(readText(path))
        .map((link) => posix.join(posix.dirname(path), link).replace(/\/$/, ''))
        .filter((to) => !files.some((file) => file === to || file.startsWith(`${to}/`)))
        .map((to) => `${path}: ${to}`),
    )
  expect(broken).toEqual([])
  expect(files).toContain('plugins/smtp/README.md')
})

test.each(documents)('%s: links to headings lead to one', (path) => {
  const broken = [...readText(path).matchAll(/\]\(([^)\s#]*)#([^)\s]+)\)/g)].filter(
    ([, link = '', anchor = '']) => {
      if (/^[a-z]+:/.test(link)) return false
      const target = link === '' ? path : posix.join(posix.dirname(path), link)
      return !anchorsOf(readText(target)).includes(anchor)
    },
  )
  expect(broken.map(([link]) => link)).toEqual([])
})

/** The anchors that a renderer makes of headings. */
function anchorsOf(text: string): readonly string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

describe('examples', () => {
  // Within the project, so that they resolve packages as its own sources do.
  const folder = join(projectFolder, 'node_modules/.cache/docs-examples')

  test('every ts block type-checks as a module', async () => {
    await rm(folder, { recursive: true, force: true })
    const origins = new Map<string, string>()
    for (const path of documents) {
      const blocks = codeBlocks(readText(path)).filter(({ language }) => language === 'ts')
      for (const [index, { code, line: at }] of blocks.entries()) {
        const name = /^\/\/ (\S+\.ts)\n/.exec(code)?.[1] ?? `block-${index + 1}.ts`
        const file = join(path.replaceAll(/[/.]/g, '-'), name)
        await mkdir(dirname(join(folder, file)), { recursive: true })
        await writeFile(join(folder, file), code)
        origins.set(file, `${path}:${at}`)
      }
    }
    expect(origins.size).toBeGreaterThan(10)
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(settings([...origins.keys()])))
    const checked = await runProcess(join(projectFolder, 'node_modules/.bin/tsc'), ['--project', folder], {
      folder,
    })
    const told = [...origins].reduce(
      (text, [file, origin]) => text.replaceAll(file, `${origin} `),
      checked.stdout,
    )
    expect(told + checked.stderr).toBe('')
    expect(checked.code).toBe(0)
  })
})

/** The texts of a config that name a table in a file. */
const tableNames = /(?<=')(?:((?:hash|regexp):)\/[^']+|\/etc\/aliases)(?=')/g

/** Nothing else than files that are not there. */
const absentFiles =
  /^mailwright: (?:(?:[\w-]+ found a fault in what it reads: )?[^;]*(?:ENOENT|there is no such file)[^;]*(?:; |$))+$/

/** The user of a config, or of a program. */
const absentUser =
  /^mailwright: (?:user|transports found a fault in what it reads): there is no user [\w-]+(?: \[|: Command failed)/

describe.concurrent('configs', () => {
  const main = join(projectFolder, 'core/cli/main.ts')
  const configs = documents.flatMap((path) =>
    codeBlocks(readText(path))
      // A block with a file name belongs to others of its document; test/third-party.test.ts runs those.
      .filter(
        ({ code }) =>
          /^import .*\n[\s\S]*^export default defineConfig\(/m.test(code) && !code.startsWith('//'),
      )
      .map(({ code, line: at }) => ({ name: `${path}:${at}`, code })),
  )

  test.for(configs)('$name passes mailwright check', async ({ code }, { expect }) => {
    await using project = await temporaryProject()
    // Their tables are read, and are those of other machines.
    const table = await project.write('table', '')
    await project.write('mailwright.config.ts', code.replaceAll(tableNames, `$1${table}`))
    const words = ['--conditions=mailwright-source', main, 'check']
    const { stderr, stdout } = await runProcess(process.execPath, words, { folder: project.folder })
    // Nor are their passwords, certificates and users here.
    if (absentFiles.test(stderr) || absentUser.test(stderr)) return
    expect(stderr).toBe('')
    expect(stdout).toMatch(/mailwright\.config\.ts is good\./)
  })

  test('there are some', ({ expect }) => {
    expect(configs.length).toBeGreaterThan(5)
  })
})

/** The project's settings for files below node_modules, where its package name does not lead to itself. */
function settings(files: readonly string[]): unknown {
  const at = (path: string) => [join(projectFolder, path)]
  return {
    extends: join(projectFolder, 'tsconfig.json'),
    compilerOptions: {
      noEmit: true,
      paths: {
        mailwright: at('core/index.ts'),
        'mailwright/testing': at('core/testing/index.ts'),
        'mailwright/plugins/*': at('plugins/*/index.ts'),
        // The package that docs/writing-a-plugin.md makes.
        'sender-list': [join(files.find((file) => file.endsWith('sender-list/index.ts')) ?? '')].map(
          (file) => `./${file}`,
        ),
      },
    },
    files,
    include: [],
    exclude: [],
  }
}
