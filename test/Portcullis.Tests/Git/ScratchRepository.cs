using System.Text;
using Portcullis.Git;

namespace Portcullis.Tests.Git;

/// <summary>A bare repository in a folder of its own, removed with it.</summary>
internal sealed class ScratchRepository : IDisposable
{
    public ScratchRepository(ObjectFormat format = ObjectFormat.Sha1)
    {
        Format = format;
        Folder = Directory.CreateTempSubdirectory("portcullis-git-").FullName;
        Run("init", "--bare", "-q", "--initial-branch=main", $"--object-format={format.ProtocolName()}", ".");
        EmptyTree = Run("mktree");
    }

    private ScratchRepository(ScratchRepository original)
    {
        Format = original.Format;
        Folder = Directory.CreateTempSubdirectory("portcullis-git-").FullName;
        EmptyTree = original.EmptyTree;
        foreach (var path in Directory.EnumerateFileSystemEntries(original.Folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            var copy = Path.Combine(Folder, Path.GetRelativePath(original.Folder, path));
            if (Directory.Exists(path))
            {
                Directory.CreateDirectory(copy);
            }
            else
            {
                File.Copy(path, copy);
            }
        }
    }

    public string Folder { get; }

    public ObjectFormat Format { get; }

    public string EmptyTree { get; }

    public string Run(params string[] arguments) => GitProgram.RunText(Folder, arguments);

    public string Commit(string message, params string[] parents) =>
        Run(["commit-tree", EmptyTree, "-m", message, .. parents.SelectMany(parent => new[] { "-p", parent })]);

    /// <summary>Makes many refs at once; names are bytes as Latin-1 has them, since git's names need not be UTF-8.</summary>
    public void CreateRefs(string id, params IEnumerable<string> names) =>
        GitProgram.Run(Folder, ["update-ref", "--stdin"], Encoding.Latin1.GetBytes(string.Concat(names.Select(name => $"create {name} {id}\n"))));

    /// <summary>The same again in a folder of its own, made without git.</summary>
    public ScratchRepository Copy() => new(this);

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
