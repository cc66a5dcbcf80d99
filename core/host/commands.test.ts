import { expect, it } from 'vitest'
import type { PluginCommand } from '../plugin.ts'
import { namedCommands } from './commands.ts'

function says(name: string, text: string): PluginCommand {
  return { name, summary: text, run: async () => ({ json: text, text }) }
}

async function answers(commands: readonly PluginCommand[]): Promise<Readonly<Record<string, string>>> {
  const given = { arguments: [], options: {} }
  const all = await Promise.all(
    commands.map(async (command) => [command.name, (await command.run(given)).text]),
  )
  return Object.fromEntries(all)
}

it('leaves commands that nobody else has as they are', async () => {
  const [list, greet] = [says('a list', 'x'), says('greet', 'y')]
  const named = namedCommands([
    { name: 'q', position: 1, path: 'q', commands: [greet] },
    { name: 'p', position: 0, path: 'p', commands: [list] },
  ])
  expect(await answers(named)).toEqual({ 'a list': 'x', greet: 'y' })
})

it('tells those of several instances apart by their names; the first in the config has the plain one', async () => {
  const named = namedCommands([
    {
      name: 'pb',
      position: 4,
      path: 'pb',
      commands: [says('pickup list', 'b'), says('pickup retry', 'only b')],
    },
    { name: 'pa', position: 2, path: 'pa', commands: [says('pickup list', 'a')] },
  ])
  expect(await answers(named)).toEqual({
    'pickup list': 'a',
    'pa pickup list': 'a',
    'pb pickup list': 'b',
    'pickup retry': 'only b',
  })
  expect(new Set(named.map(({ name }) => name)).size).toBe(named.length)
})

it('tells them apart also where it is one and the same command', async () => {
  const commands = [says('list', 'x')]
  const named = namedCommands([
    { name: 'pa', position: 0, path: 'pa', commands },
    { name: 'pb', position: 1, path: 'pb', commands },
  ])
  expect(named.map(({ name }) => name)).toEqual(['list', 'pa list', 'pb list'])
})

it.each([5, undefined, null, {}, { json: 1 }])(
  'names plugin and command where it answers %j',
  async (answer) => {
    const command = { ...says('greet', 'x'), run: async () => answer } as unknown as PluginCommand
    const [named] = namedCommands([{ name: 'p', position: 0, path: 'p', commands: [command] }])
    await expect(named?.run({ arguments: [], options: {} })).rejects.toMatchObject({
      code: 'MAIL_E_INVALID',
      message: 'the command "greet" of p answered no { json, text }',
    })
  },
)
