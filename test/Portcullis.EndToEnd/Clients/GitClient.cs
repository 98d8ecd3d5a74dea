using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Clients;

/// <summary>How a client sends its token.</summary>
public enum TokenSentAs
{
    Bearer,
    Password,
}

/// <summary>One Git implementation. Commits are made with the system's git in the folder that it cloned.</summary>
public abstract class GitClient(string name)
{
    public string Name { get; } = name;

    /// <summary>The ways in which it can send a token.</summary>
    public virtual IReadOnlyList<TokenSentAs> Ways => [TokenSentAs.Bearer, TokenSentAs.Password];

    /// <summary>Why it can't run on this machine; null when it can.</summary>
    public abstract Task<string?> MissingAsync();

    public abstract Task<CommandResult> CloneAsync(ClientRun run);

    public abstract Task<CommandResult> FetchAsync(ClientRun run);

    /// <summary>Pushes one ref, given in full on both sides.</summary>
    public abstract Task<CommandResult> PushAsync(ClientRun run, string source, string target);

    public override string ToString() => Name;
}

/// <summary>One use of a client: where, and with which token.</summary>
public sealed record ClientRun(string Url, string Folder, string Home, string Token, TokenSentAs Way);
