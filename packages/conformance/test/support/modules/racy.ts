/** Whoever checks meanwhile checks the same: between check and write there is more time than clients wait for between calls. */
import { breaking } from '../broken-stores/breaking.js'
import { apart } from '../broken-stores/races.js'

export default breaking('checks and writes apart', 'race/counter', () => apart(() => true, 10)).backend
