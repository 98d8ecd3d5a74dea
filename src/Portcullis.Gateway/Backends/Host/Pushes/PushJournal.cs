using System.Text.Json;
using System.Text.Json.Serialization;
using Portcullis.Gateway.Authorization;

namespace Portcullis.Gateway.Backends.Host.Pushes;

/// <summary>
/// Remembers the pushes that run, so that the next start knows which were interrupted, which repositories to tidy, and
/// what the audit has yet to tell.
/// </summary>
internal sealed partial class PushJournal(string directory)
{
    /// <summary>Enters a push, until the result is disposed.</summary>
    public Running Begin(AuthorizedPush push, string repositoryDirectory)
    {
        var request = push.Request.Request;
        Directory.CreateDirectory(directory);
        var file = Path.Combine(directory, request.Id + ".json");
        var entry = new Entry
        {
            Id = request.Id,
            Repository = push.Request.Repository.Value,
            Directory = repositoryDirectory,
            Subject = push.Request.Caller.Subject,
            Issuer = push.Request.Caller.Issuer,
            TokenId = push.Request.Caller.TokenId,
            Commands = [.. push.Commands.Take(1000).Select(command => new EntryCommand(
                command.Name.Value, command.Command.Old.ToString(), command.Command.New.ToString()))],
        };
        File.WriteAllBytes(file, JsonSerializer.SerializeToUtf8Bytes(entry, JournalJson.Default.Entry));
        return new Running(file);
    }

    /// <summary>The pushes that an earlier run left, oldest first.</summary>
    public IReadOnlyList<(string Path, Entry? Entry)> Left()
    {
        if (!Directory.Exists(directory))
        {
            return [];
        }

        List<(string, Entry?)> left = [];
        foreach (var file in Directory.EnumerateFiles(directory, "*.json").Order(StringComparer.Ordinal))
        {
            left.Add((file, Read(file)));
        }

        return left;
    }

    private static Entry? Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), JournalJson.Default.Entry);
        }
        catch (Exception exception) when (exception is IOException or JsonException)
        {
            // Cut short by the same end that interrupted the push: the push had not begun.
            return null;
        }
    }

    /// <summary>A push that runs.</summary>
    internal sealed class Running(string file) : IDisposable
    {
        /// <inheritdoc/>
        public void Dispose() => File.Delete(file);
    }

    /// <summary>What is remembered of a push.</summary>
    internal sealed record Entry
    {
        public required string Id { get; init; }

        public required string Repository { get; init; }

        public required string Directory { get; init; }

        public required string Subject { get; init; }

        public required string Issuer { get; init; }

        public required string TokenId { get; init; }

        public required IReadOnlyList<EntryCommand> Commands { get; init; }
    }

    /// <summary>One ref of it.</summary>
    internal sealed record EntryCommand(string Name, string Old, string New);

    [JsonSerializable(typeof(Entry))]
    private sealed partial class JournalJson : JsonSerializerContext;
}
