using System.Text;
using Portcullis.Git;

namespace Portcullis.Gateway.Backends.Upstream.Mirrors;

/// <summary>What a mirror is known to hold whole: a small file beside its objects, replaced in one step.</summary>
/// <param name="Level">How much of each history.</param>
/// <param name="Tips">The values of refs whose history is here.</param>
internal sealed record MirrorState(MirrorLevel Level, IReadOnlySet<ObjectId> Tips)
{
    private const string FileName = "portcullis-mirror";

    /// <summary>Reads the state of a mirror; null where nothing is known of it.</summary>
    public static MirrorState? Read(string directory)
    {
        try
        {
            var lines = File.ReadAllLines(Path.Combine(directory, FileName));
            if (lines.Length == 0 || !Enum.TryParse<MirrorLevel>(lines[0], out var level))
            {
                return null;
            }

            var tips = new HashSet<ObjectId>(lines.Length);
            foreach (var line in lines.AsSpan(1))
            {
                if (!ObjectId.TryParse(line.AsSpan(), out var id))
                {
                    return null;
                }

                tips.Add(id);
            }

            return new MirrorState(level, tips);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Writes the state.</summary>
    public void Write(string directory)
    {
        var text = new StringBuilder(Level + "\n");
        foreach (var tip in Tips)
        {
            text.Append(tip).Append('\n');
        }

        var path = Path.Combine(directory, FileName);
        File.WriteAllText(path + ".new", text.ToString());
        File.Move(path + ".new", path, overwrite: true);
    }

    /// <summary>Forgets what is known of a mirror, so that it is fetched anew.</summary>
    public static void Forget(string directory) => File.Delete(Path.Combine(directory, FileName));
}
