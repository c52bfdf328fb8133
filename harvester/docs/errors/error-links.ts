// Prints a link beside an error. error-links.json comes from `harvester errors export --for errors.json`.
import links from "./error-links.json" with { type: "json" };

type ErrorLink = { url: string; title?: string; reviewed: boolean };

const byCode: Record<string, ErrorLink | undefined> = links.errors;

/** An error with a code of this program's own. */
export class AppError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** The message with the link to its answer, as a person at a terminal reads it. */
export function describe(error: AppError): string {
  const link = byCode[error.code];
  const lines = [`error ${error.code}: ${error.message}`];
  if (link) lines.push(`  help: ${link.url}?q=${encodeURIComponent(error.message)}`);
  return lines.join("\n");
}

// console.error(describe(new AppError("E_DB_OPEN", "cannot open database /srv/app.db")));
