using System.Globalization;
using System.Text;

namespace Portcullis.Server.Logging;

/// <summary>
/// Writes the program's log, a line for each message. What is let through is listed: the program's own categories from Information on, and
/// everybody else's from Warning on, so that no library's request logging can print a header.
/// </summary>
/// <param name="output">Where to: standard error as a rule.</param>
/// <param name="timeProvider">The clock.</param>
internal sealed class LineLoggerProvider(TextWriter output, TimeProvider timeProvider) : ILoggerProvider
{
    private readonly Lock _lock = new();

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new LineLogger(this, categoryName);

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private static LogLevel LowestLevel(string category) => category switch
    {
        _ when category.StartsWith("Portcullis.", StringComparison.Ordinal) => LogLevel.Information,
        // "Application is shutting down" and the like are said in our own words.
        "Microsoft.Hosting.Lifetime" => LogLevel.Error,
        _ => LogLevel.Warning,
    };

    private void Write(LogLevel level, string category, string message, Exception? exception)
    {
        var word = level switch
        {
            LogLevel.Critical => "critical",
            LogLevel.Error => "error",
            LogLevel.Warning => "warning",
            _ => "info",
        };
        var line = new StringBuilder()
            .Append(timeProvider.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture))
            .Append(' ').Append(word).Append(' ').Append(category[(category.LastIndexOf('.') + 1)..]).Append(": ").Append(message);
        for (var cause = exception; cause is not null; cause = cause.InnerException)
        {
            line.Append(" | ").Append(cause.GetType().Name).Append(": ").Append(cause.Message);
        }

        // One message, one line: a name with a line end in it can't forge the next.
        var text = new StringBuilder(SecretScrubber.Scrub(line.ToString()));
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsControl(text[i]))
            {
                text[i] = ' ';
            }
        }

        // An unexpected exception's stack is for whoever mends the program; expected failures are logged without an exception.
        if (exception is not null and not OperationCanceledException && level >= LogLevel.Error)
        {
            text.Append('\n').Append(SecretScrubber.Scrub(exception.StackTrace ?? ""));
        }

        lock (_lock)
        {
            output.WriteLine(text);
            output.Flush();
        }
    }

    private sealed class LineLogger(LineLoggerProvider provider, string category) : ILogger
    {
        private readonly LogLevel _lowest = LowestLevel(category);

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
            => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= _lowest && logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                provider.Write(logLevel, category, formatter(state, exception), exception);
            }
        }
    }
}
