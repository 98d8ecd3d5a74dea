using System.Text;

namespace Portcullis.Tests.Git.ReceivePack;

/// <summary>Runs <c>git push</c> against a receive-pack that writes down what both sides send.</summary>
internal sealed class PushRecorder : IDisposable
{
    private readonly string _request;
    private readonly string _response;
    private readonly string _receivePack;

    public PushRecorder()
    {
        Folder = Directory.CreateTempSubdirectory("portcullis-push-").FullName;
        _request = Path.Combine(Folder, "request");
        _response = Path.Combine(Folder, "response");
        var script = Path.Combine(Folder, "receive-pack.sh");
        File.WriteAllText(script, $"tee '{_request}' | git-receive-pack \"$@\" | tee '{_response}'\n");
        _receivePack = $"sh '{script}'";
    }

    public string Folder { get; }

    /// <summary>Pushes; it may be refused.</summary>
    public (byte[] Request, byte[] Response) Push(ScratchRepository from, ScratchRepository to, string[] configuration, string[] options, params string[] refs)
    {
        GitProgram.TryRun(
            from.Folder, [.. configuration.SelectMany(setting => new[] { "-c", setting }), "push", "-q", $"--receive-pack={_receivePack}", .. options, "file://" + to.Folder, .. refs]);
        return (File.ReadAllBytes(_request), File.ReadAllBytes(_response));
    }

    /// <summary>Makes an SSH key to sign with.</summary>
    public string MakeKey()
    {
        var key = Path.Combine(Folder, "key");
        var script = Path.Combine(Folder, "keygen.sh");
        File.WriteAllText(script, $"ssh-keygen -q -t ed25519 -N '' -f '{key}' </dev/null\n", Encoding.ASCII);
        GitProgram.Run(Folder, ["-c", $"alias.keygen=!sh '{script}'", "keygen"]);
        return key;
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
