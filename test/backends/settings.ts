/** What the global set-up of the tests has put into the environment, or a user whose servers run already. */
type Variable = `SALLYPORT_TEST_${'REDIS_URL' | 'REDIS_CLUSTER_URL' | 'POSTGRES_URL' | 'MYSQL_URL' | 'PRISMA_CLIENTS'}`

export function setting(variable: Variable): string {
  const value = process.env[variable]
  if (value === undefined || value === '') throw new Error(`${variable} is not set: scripts/servers/setup.mjs sets it`)
  return value
}
