import { database, definePlugin, type NoOptions, noOptions, type PluginFactory } from 'mailwright'

/** A plugin with a table, so that a database has one. */
export const thingsTables: PluginFactory<NoOptions> = definePlugin({
  name: 'tables',
  requires: [database],
  migrations: [
    {
      name: '0001-things',
      up: (knex) => knex.schema.createTable('things', (table) => void table.string('name', 50).primary()),
    },
  ],
  parseOptions: noOptions,
  setup: () => undefined,
})
