using System.CommandLine;
using System.Globalization;
using Portcullis.Audit;
using Portcullis.Server.Configuration;
using Spectre.Console;

namespace Portcullis.Server.Commands;

/// <summary><c>portcullis audit show</c>.</summary>
internal static class AuditShowCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(CommandTerminal terminal)
    {
        var subject = Text("--subject", "NAME", "Whose: the token's subject, or who acted for it; `*` stands for anything.");
        var repository = Text("--repository", "PATH", "Which repository; `*` stands for anything.");
        var reference = Text("--ref", "REF", "Which ref; `*` stands for anything.");
        var operation = Text("--operation", "WORD", "discover, fetch or push; issue and others.");
        var @event = Text("--event", "WORD", "request, token.issued, administration, …");
        var outcome = Text("--outcome", "WORD", "allowed, refused or failed.");
        outcome.AcceptOnlyFromAmong("allowed", "refused", "failed");
        var client = Text("--client", "NAME", "Which OAuth client.");
        var tokenId = Text("--token-id", "ID", "Which token, by its id.");
        var session = Text("--session", "ID", "Which login.");
        var id = Text("--id", "ID", "The one request, by the id that its refusal names.");
        var since = Text("--since", "TIME", "Not older: 2026-01-31, 2026-01-31T08:00:00Z, or 90s, 15m, 8h, 30d ago.");
        var until = Text("--until", "TIME", "Older than this.");
        var last = new Option<int?>("--last") { Description = "Only the last so many.", HelpName = "NUMBER" };
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on as decisions are made, until Ctrl+C." };
        var checkpoints = new Option<bool>("--checkpoints") { Description = "With the log's own checkpoints." };
        var json = new Option<bool>("--json") { Description = "Print the lines as they are: one JSON object each." };
        var command = new DocumentedCommand(
            "show", "Print who asked for what, and what was decided.",
            "portcullis audit show --outcome refused --last 10",
            "portcullis audit show --subject alice --repository 'acme/*' --since 8h",
            "portcullis audit show --operation push --follow --json")
        {
            subject, repository, reference, operation, @event, outcome, client, tokenId, session, id, since, until, last, follow, checkpoints, json,
        };
        command.SetAction(async (parseResult, cancellationToken) =>
        {
            var now = terminal.TimeProvider.GetUtcNow();
            var filter = new AuditFilter
            {
                Subject = parseResult.GetValue(subject),
                Repository = parseResult.GetValue(repository),
                Ref = parseResult.GetValue(reference),
                Operation = parseResult.GetValue(operation),
                Event = parseResult.GetValue(@event),
                Outcome = parseResult.GetValue(outcome) is { } word ? Enum.Parse<AuditOutcome>(word, ignoreCase: true) : null,
                Client = parseResult.GetValue(client),
                TokenId = parseResult.GetValue(tokenId),
                Session = parseResult.GetValue(session),
                Id = parseResult.GetValue(id),
                Since = Time("--since", parseResult.GetValue(since), now),
                Until = Time("--until", parseResult.GetValue(until), now),
                IncludeCheckpoints = parseResult.GetValue(checkpoints),
            };
            if (parseResult.GetValue(last) is <= 0)
            {
                throw new CommandFailedException("--last takes a number from 1 on.", ExitCode.Usage);
            }

            var folder = parseResult.Installation(terminal).Configuration.Audit.Directory;
            if (!Directory.Exists(folder))
            {
                throw new CommandFailedException($"There is no audit log in {folder}.");
            }

            var printer = new AuditPrinter(terminal, parseResult.GetValue(json));
            var reader = new AuditReader(folder, problem => terminal.Error.WriteLine($"portcullis: {problem}"));
            await PrintAsync(reader, filter, parseResult.GetValue(last), printer, cancellationToken);
            if (parseResult.GetValue(follow))
            {
                // What is there has been shown: from here on only what is new.
                var fromNow = filter with { Since = filter.Since > now ? filter.Since : now };
                await foreach (var entry in reader.FollowAsync(fromNow, terminal.TimeProvider, cancellationToken))
                {
                    printer.Print(entry);
                    await terminal.Output.FlushAsync(cancellationToken);
                }
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static Option<string?> Text(string name, string helpName, string description) => new(name) { Description = description, HelpName = helpName };

    private static async Task PrintAsync(AuditReader reader, AuditFilter filter, int? last, AuditPrinter printer, CancellationToken cancellationToken)
    {
        var kept = new Queue<AuditEntry>();
        await foreach (var entry in reader.ReadAsync(filter, cancellationToken))
        {
            if (last is null)
            {
                printer.Print(entry);
                continue;
            }

            kept.Enqueue(entry);
            if (kept.Count > last)
            {
                kept.Dequeue();
            }
        }

        foreach (var entry in kept)
        {
            printer.Print(entry);
        }
    }

    private static DateTimeOffset? Time(string option, string? text, DateTimeOffset now) => text switch
    {
        null => null,
        _ when Durations.TryParse(text, out var ago) => now - ago,
        _ when DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time) => time,
        _ => throw new CommandFailedException($"{option} {CommandTerminal.Printable(text)}: write a time as 2026-01-31T08:00:00Z, or how long ago as 8h.", ExitCode.Usage),
    };

    /// <summary>One entry as a few words on a line, with a line for each ref that was refused; or the line itself.</summary>
    private sealed class AuditPrinter(CommandTerminal terminal, bool json)
    {
        public void Print(AuditEntry entry)
        {
            if (json)
            {
                terminal.Output.WriteLine(entry.Json);
                return;
            }

            var record = entry.Record;
            var (word, colour) = record.Outcome switch
            {
                AuditOutcome.Allowed => ("allowed", Color.Green),
                AuditOutcome.Refused => ("refused", Color.Red),
                _ => ("failed ", Color.Yellow),
            };
            var who = record.Subject is null ? "somebody" : record.Actor is { Count: > 0 } actors ? $"{string.Join(" for ", actors)} for {record.Subject}" : record.Subject;
            var what = record.Event == AuditEvents.Request ? record.Operation ?? "request" : record.Operation is null ? record.Event : $"{record.Event} {record.Operation}";
            var text = $"{record.Time:yyyy-MM-dd HH:mm:ss}Z {who} {what}"
                + (record.Repository is null ? "" : $" {record.Repository}")
                + (record.Status is null ? "" : $" ({record.Status})")
                + (record.Reason is null ? "" : $": {record.Reason}")
                + (record.TokenId is null ? "" : $" [token {record.TokenId}]")
                + (record.RemoteAddress is null ? "" : $" from {record.RemoteAddress}");
            terminal.WriteMark(word, colour, text);
            foreach (var change in record.Refs ?? [])
            {
                terminal.Output.WriteLine(CommandTerminal.Printable(
                    $"        {change.Outcome.ToString().ToLowerInvariant()} {change.Change ?? "change"} {change.Name}{Ids(change)}{(change.Reason is null ? "" : $": {change.Reason}")}"));
            }
        }

        private static string Ids(AuditRefChange change)
            => change.Old is null && change.New is null ? "" : $" {Short(change.Old)}..{Short(change.New)}";

        private static string Short(string? id) => id is null ? "" : id[..Math.Min(10, id.Length)];
    }
}
