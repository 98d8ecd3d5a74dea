using System.Security.Cryptography;

namespace Portcullis.Fuzz;

/// <summary>The inputs kept in the repository, a folder for each target.</summary>
/// <param name="folder">The folder <c>fuzz/corpus</c>.</param>
internal sealed class Corpus(string folder)
{
    /// <summary>Finds the corpus of the working tree that this program was built from.</summary>
    public static Corpus Find()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            var corpus = Path.Combine(folder, "fuzz", "corpus");
            if (Directory.Exists(corpus))
            {
                return new(corpus);
            }
        }

        throw new DirectoryNotFoundException("There is no folder fuzz/corpus above this program.");
    }

    /// <summary>The inputs of a target, in the order of their file names.</summary>
    public IReadOnlyList<(string Path, byte[] Input)> Read(FuzzTarget target)
    {
        var inputs = Path.Combine(folder, target.Name);
        return Directory.Exists(inputs) ? [.. Directory.EnumerateFiles(inputs).Order(StringComparer.Ordinal).Select(path => (path, File.ReadAllBytes(path)))] : [];
    }

    /// <summary>Keeps an input that made a target fail; it stays as a regression test when it is committed.</summary>
    public string Save(FuzzTarget target, byte[] input)
    {
        var inputs = Directory.CreateDirectory(Path.Combine(folder, target.Name)).FullName;
        var path = Path.Combine(inputs, "crash-" + Convert.ToHexStringLower(SHA256.HashData(input))[..16]);
        File.WriteAllBytes(path, input);
        return path;
    }
}
