using Portcullis.Git.PktLines;

namespace Portcullis.Tests.Git.FetchRequests;

/// <summary>Runs git with an upload-pack that writes down what the client sends.</summary>
internal sealed class RequestRecorder : IDisposable
{
    private readonly string _log;

    public RequestRecorder()
    {
        Folder = Directory.CreateTempSubdirectory("portcullis-record-").FullName;
        _log = Path.Combine(Folder, "log");
        var script = Path.Combine(Folder, "upload-pack.sh");
        File.WriteAllText(script, $"tee '{_log}' | git-upload-pack \"$@\"\n");
        UploadPack = $"sh '{script}'";
    }

    public string Folder { get; }

    public string UploadPack { get; }

    /// <summary>The requests of one run: those of version 2 one by one, those of version 0 as the one body they are.</summary>
    public IReadOnlyList<byte[]> Record(string version, params string[] arguments)
    {
        GitProgram.Run(Folder, ["-c", $"protocol.version={version}", .. arguments]);
        var log = File.ReadAllBytes(_log);
        return version == "2" ? [.. SplitAtFlushes(log)] : [log];
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private static IEnumerable<byte[]> SplitAtFlushes(byte[] log)
    {
        var start = 0;
        for (var position = 0; position < log.Length;)
        {
            ReadOnlySpan<byte> rest = log.AsSpan(position);
            var before = rest.Length;
            PktLineReader.TryRead(ref rest, out var kind, out _);
            position += before - rest.Length;
            if (kind == PktLineKind.Flush)
            {
                // A stateful client says good-bye with a lone flush.
                if (position - start > 4)
                {
                    yield return log[start..position];
                }

                start = position;
            }
        }
    }
}
