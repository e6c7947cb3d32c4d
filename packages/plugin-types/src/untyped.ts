/**
 * A value whose shape only the plugin's author knows: stored metadata, a row, a request body, what a middleware
 * puts on a request. The specification uses such values without a cast (§15.1 `currentVersion < 1`,
 * §23.1 `res.locals.responseBody.x = …`), which `unknown` would refuse.
 */
// biome-ignore lint/suspicious/noExplicitAny: the one place that says it, for the reason above
export type Untyped = any;
