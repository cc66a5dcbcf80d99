export { hashPassword, needsRehash, verifyNothing, verifyPassword } from './password.ts'
