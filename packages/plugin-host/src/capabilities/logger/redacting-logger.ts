import type { HostLogger } from '../../foundation/logger.js';
import type { SecretRedactor } from '../../foundation/redact.js';

/**
 * The host's own logger with every secret masked in message and data: an error the host reports may quote a
 * plugin, and with it a secret.
 */
export function createRedactingLogger(logger: HostLogger, redactor: SecretRedactor): HostLogger {
  const at =
    (level: keyof HostLogger) =>
    (data: object, message: string): void => {
      if (redactor.empty) {
        logger[level](data, message);
        return;
      }
      const masked = redactor.redactValue(data);
      logger[level](
        typeof masked === 'object' && masked !== null ? masked : { data: masked },
        redactor.redact(message),
      );
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
