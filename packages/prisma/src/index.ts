/** `@sallyport/prisma`: a store in a table of the application's own database, through its Prisma client. */
export type { PrismaClientLike } from './client.js'
export type { Columns, Report } from './report.js'
export { type PrismaStore, type PrismaStoreOptions, prismaStore } from './store.js'
