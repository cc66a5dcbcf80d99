import { expect, it } from 'vitest'
import { coreCommands } from '../cli/program.ts'
import type { PluginCommand } from '../plugin.ts'
import { commandFaults } from './command-faults.ts'
import { coreCommandNames } from './core-commands.ts'

const good: PluginCommand = { name: 'spam list', summary: '', run: async () => ({ json: 1, text: '' }) }

function problems(...commands: readonly unknown[]): readonly string[] {
  const own = commands as readonly PluginCommand[]
  const instances = [{ name: 'spam-list', position: 1, path: 'plugins[1] (spam-list)', commands: own }]
  return commandFaults(instances).map(({ path, problem }) => `${path}: ${problem}`)
}

it('knows the commands of the core', () => {
  const isName = (word: string) => !/^[<[]/.test(word)
  expect(coreCommandNames).toEqual(coreCommands.map(({ usage }) => usage.split(' ').filter(isName).join(' ')))
})

it.each([
  ['trace', 'has the command "trace", which is never reached: "trace" is the core\'s'],
  ['check spam', 'has the command "check spam", which is never reached: "check" is the core\'s'],
  ['user quota now', 'has the command "user quota now", which is never reached: "user quota" is the core\'s'],
  ['user', 'has the command "user", which is a group of the core\'s commands'],
  ['help me', 'has the command "help me", which is never reached: "help" is the core\'s'],
])('a command named %s is told with its plugin', (name, problem) => {
  expect(problems(good, { ...good, name })).toEqual([`plugins[1] (spam-list): ${problem}`])
})

it.each(['', ' a', 'a  b', '-a', '<a>', 'a [b]', 5, undefined])('%j is no name', (name) => {
  const problem = 'its commands[1] has no name of words such as "queue list"'
  expect(problems(good, { ...good, name })).toEqual([`plugins[1] (spam-list): ${problem}`])
})

it.each<[object, string]>([
  [{ run: undefined }, 'has no `run` function'],
  [{ arguments: 'domain' }, 'has `arguments` that are no list'],
  [
    { arguments: [{ name: 'a', optional: true }, { name: 'b' }] },
    'has the argument "b", which is required, after one that is optional',
  ],
  [
    { arguments: [{ name: 'a...' }, { name: 'b' }] },
    'has arguments after "a...", which takes all that are left',
  ],
  [{ arguments: [undefined] }, 'has an argument whose name is no single word'],
  [{ options: [null] }, 'has the option undefined, which is no flag such as "--over <octets>"'],
  [{ arguments: [{ name: 'a b' }] }, 'has an argument whose name is no single word'],
  [{ options: [{ flags: '--json' }] }, 'has the option --json, which every command has'],
  [{ options: [{ flags: '-c, --config <file>' }] }, 'has the option --config, which every command has'],
  [{ options: [{ flags: '-o <x>' }, { flags: '--out, -o <y>' }] }, 'has the option -o twice'],
  [{ options: [{ flags: 'over' }] }, 'has the option "over", which is no flag such as "--over <octets>"'],
  [{ options: [{ flags: '-over' }] }, 'has the option "-over", which is no flag such as "--over <octets>"'],
])('a command with %j is told', (change, problem) => {
  expect(problems({ ...good, ...change })).toEqual([
    `plugins[1] (spam-list): its command "spam list" ${problem}`,
  ])
})

it('tells a list that is none, and a command that is there twice', () => {
  expect(problems(good, good)).toEqual(['plugins[1] (spam-list): has the command "spam list" twice'])
  const none = [{ name: 'p', position: 0, path: 'p', commands: 5 as unknown as readonly PluginCommand[] }]
  expect(commandFaults(none)).toEqual([{ path: 'p', problem: 'its `commands` answered no list' }])
})

it('lets a group of the core have more commands, and several instances the same ones', () => {
  const taken = [
    { name: 'domain', summary: '' },
    { name: 'rest...', summary: '', optional: true },
  ]
  const options = ['-f, --from <address>', '--over-all', '-x', '--level [n]'].map((flags) => ({
    flags,
    summary: '',
  }))
  expect(problems({ ...good, name: 'user mail', arguments: taken, options })).toEqual([])
  const one = { name: 'pa', position: 0, path: 'pa', commands: [good] }
  expect(commandFaults([one, { ...one, name: 'pb', path: 'pb' }])).toEqual([])
})

it('tells of a command that is reached as one of another plugin is', () => {
  const instance = (name: string, position: number, command: string) => ({
    ...{ name, position, path: name },
    commands: [{ ...good, name: command }],
  })
  const three = [instance('bb', 0, 'foo bar'), instance('foo', 1, 'bar'), instance('cc', 2, 'bar')]
  const problem = 'has the command "foo bar", and another plugin has one that is reached by the same name'
  expect(commandFaults(three)).toEqual([
    { path: 'bb', problem },
    { path: 'foo', problem },
  ])
  expect(commandFaults(three.slice(0, 2))).toEqual([])
})

it('sees the instance that stands before a name that several have', () => {
  const one = { name: 'pa', position: 0, path: 'pa', commands: [good] }
  const faults = commandFaults([one, { ...one, name: 'check', path: 'check', position: 1 }])
  expect(faults.map(({ path }) => path)).toEqual(['check'])
})
