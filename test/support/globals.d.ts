// postal-mime's types name these globals as types; Node's types declare only the values.
interface TextDecoder extends InstanceType<typeof import('node:util').TextDecoder> {}
interface TextEncoder extends InstanceType<typeof import('node:util').TextEncoder> {}
