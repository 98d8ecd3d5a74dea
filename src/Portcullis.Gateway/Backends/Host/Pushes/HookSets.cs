using System.Collections.Concurrent;
using System.Text;

namespace Portcullis.Gateway.Backends.Host.Pushes;

/// <summary>
/// Hook directories that put our <c>pre-receive</c>, which asks the gateway before any ref moves, in front of a repository's
/// own hooks.
/// </summary>
/// <remarks>
/// A directory holds links to two scripts of ours, one for each hook that the repository has: git starts a process for
/// each hook that it finds. The repository's hooks are started by their own path, so that <c>$0</c> is what it would be,
/// and without the configuration that we gave this one <c>receive-pack</c>. The scripts are written once, at the start:
/// a file that was just written can't be executed while another thread is starting a process (ETXTBSY).
/// </remarks>
internal sealed class HookSets
{
    /// <summary>The variable that tells the scripts where the repository's own hooks are.</summary>
    public const string OwnHooksVariable = "PORTCULLIS_HOOKS";

    private const UnixFileMode AnyExecute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private const string AskScript =
        """
        #!/bin/sh
        # The pack waits in quarantine: tell the gateway where, and wait for its verdict.
        printf '%s\n' "$GIT_QUARANTINE_PATH" >&3 || exit 1
        IFS= read -r verdict <&3 || exit 1
        [ "$verdict" = allow ] || exit 1
        unset GIT_CONFIG_COUNT
        exec 3>&-
        [ -x "$PORTCULLIS_HOOKS/pre-receive" ] || exit 0
        exec "$PORTCULLIS_HOOKS/pre-receive"

        """;

    private const string PassScript =
        """
        #!/bin/sh
        # The repository's own hook of the same name.
        unset GIT_CONFIG_COUNT
        exec 3>&-
        exec "$PORTCULLIS_HOOKS/${0##*/}" "$@"

        """;

    // What git starts while it receives a push, besides pre-receive (githooks(5)).
    private static readonly string[] Passed =
        ["update", "post-receive", "post-update", "reference-transaction", "proc-receive", "push-to-checkout", "pre-auto-gc"];

    private readonly string directory;
    private readonly string ask;
    private readonly string pass;
    private readonly ConcurrentDictionary<string, string> made = new(StringComparer.Ordinal);
    private readonly Lock gate = new();

    /// <summary>Writes the scripts.</summary>
    /// <param name="directory">A directory of our own.</param>
    public HookSets(string directory)
    {
        this.directory = directory;
        if (Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }

        Directory.CreateDirectory(directory);
        ask = Write("ask", AskScript);
        pass = Write("pass", PassScript);
    }

    /// <summary>The directory to give git as <c>core.hooksPath</c> for a repository with these hooks of its own.</summary>
    public string For(string repositoryHooks)
    {
        var own = Passed.Where(name => IsExecutable(Path.Combine(repositoryHooks, name))).ToArray();
        return made.GetOrAdd(own.Length == 0 ? "none" : string.Join('+', own), (name, hooks) => Make(name, hooks), own);
    }

    private string Make(string name, string[] hooks)
    {
        lock (gate)
        {
            var set = Path.Combine(directory, name);
            if (!Directory.Exists(set))
            {
                Directory.CreateDirectory(set);
                File.CreateSymbolicLink(Path.Combine(set, "pre-receive"), ask);
                foreach (var hook in hooks)
                {
                    File.CreateSymbolicLink(Path.Combine(set, hook), pass);
                }
            }

            return set;
        }
    }

    private static bool IsExecutable(string path) => File.Exists(path) && (File.GetUnixFileMode(path) & AnyExecute) != 0;

    private string Write(string name, string text)
    {
        var path = Path.Combine(directory, name);
        using var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
        });
        file.Write(Encoding.UTF8.GetBytes(text));
        return path;
    }
}
